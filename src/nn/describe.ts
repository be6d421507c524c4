/** The tree that a printed module shows: PyTorch's, with the number of parameters beside every line. */

/** What is asked of a module to print it. */
export interface TreeNode {
  extraRepr(): string;
  namedChildren(): [name: string, child: TreeNode][];
  parameters(): readonly { readonly size: number }[];
}

function countOf(node: TreeNode): number {
  return node.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
}

function linesOf(node: TreeNode): string[] {
  const name = node.constructor.name;
  const children = node.namedChildren();
  const count = countOf(node);
  const tail = count > 0 ? ` · ${count.toLocaleString('en-US')}` : '';
  if (children.length === 0) return [`${name}(${node.extraRepr()})${tail}`];
  const extra = node.extraRepr();
  const inner = children.flatMap(([field, child]) => {
    const [first, ...rest] = linesOf(child);
    return [`(${field}): ${first}`, ...rest];
  });
  return [`${name}(`, ...(extra === '' ? inner : [extra, ...inner]).map((line) => `  ${line}`), `)${tail}`];
}

/**
 * One line a module, children indented under their field's name, as
 * ```text
 * Sequential(
 *   (0): Linear(4, 8) · 40
 *   (1): Tanh()
 * ) · 40 parameters
 * ```
 * A shared parameter is counted on every line it belongs to, and once in the line of the module that holds both.
 */
export function describeTree(root: TreeNode): string {
  const text = linesOf(root).join('\n');
  if (countOf(root) === 0) return text;
  return `${text} ${countOf(root) === 1 ? 'parameter' : 'parameters'}`;
}
