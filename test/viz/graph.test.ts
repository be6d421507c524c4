import { afterEach, describe, expect, test, vi } from 'vitest';
import { grad, noGrad, scope } from '../../src/autograd/index.ts';
import { ConfigError, DTypeError } from '../../src/errors.ts';
import { add, linear, max, mul, randn, relu, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { type Graph, type GraphVertex, graph } from '../../src/viz/index.ts';

const leaf = (values: number | number[] | number[][]): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });

function vertex(of: Graph, title: string): GraphVertex {
  const found = of.nodes.find(({ name, op }) => (name ?? op) === title);
  if (found === undefined) throw new Error(`there is no ${title}`);
  return found;
}

/** (x·y + 3)², by its parts. */
function square() {
  const [x, y] = [leaf(2), leaf(-1)];
  const product = x.mul(y);
  const shifted = product.add(3);
  return { x, y, product, shifted, loss: shifted.square() };
}

describe('nodes and edges', () => {
  test('every operation, leaf and constant with shape, dtype, value and gradient', () => {
    const { x, y, shifted, loss } = square();
    const { nodes, edges } = graph(loss, { names: { x, y, shifted } });
    expect(nodes.map(({ kind, op, name, value, gradient }) => [kind, op, name, value, gradient])).toEqual([
      ['leaf', 'leaf', 'x', 2, -2],
      ['leaf', 'leaf', 'y', -1, 4],
      ['result', 'mul', null, -2, 2],
      ['constant', 'constant', null, 3, null],
      ['result', 'add', 'shifted', 1, 2],
      ['result', 'square', null, 1, 1],
    ]);
    expect(nodes.map(({ id }) => id)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
    expect(edges).toEqual([
      { from: 'n0', to: 'n2', input: 0 },
      { from: 'n1', to: 'n2', input: 1 },
      { from: 'n2', to: 'n4', input: 0 },
      { from: 'n3', to: 'n4', input: 1 },
      { from: 'n4', to: 'n5', input: 0 },
    ]);
    expect(nodes.every(({ shape, dtype }) => shape.length === 0 && dtype === 'float64')).toBe(true);
    expect([x.grad, y.grad]).toEqual([null, null]);
  });

  test('the same after backward(), whose gradients stay to be seen', () => {
    const { x, y, loss } = square();
    const before = graph(loss, { names: { x, y } });
    loss.backward();
    expect(graph(loss, { names: { x, y } })).toEqual(before);
    expect(JSON.parse(JSON.stringify(before)).nodes.length).toBe(6);
  });

  test('gradients of many values are those that backward() left, or none', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x);
    expect(graph(y).nodes.map(({ gradient }) => gradient)).toEqual([null, null]);
    y.backward(tensor([1, 10], { dtype: 'float64' }));
    expect(graph(y).nodes.map(({ gradient }) => gradient)).toEqual([
      [2, 40],
      [1, 10],
    ]);
  });

  test('an operand that is used twice has two edges; one graph may be drawn from any of its results', () => {
    const { product } = square();
    const twice = mul(product, product);
    const { edges, nodes } = graph(twice);
    expect(edges.filter(({ to }) => to === nodes.at(-1)?.id)).toEqual([
      { from: 'n2', to: 'n3', input: 0 },
      { from: 'n2', to: 'n3', input: 1 },
    ]);
    expect(graph(product).nodes.length).toBe(3);
  });

  test('outputs of one operation are nodes of their own; operands that were left out are none', () => {
    const x = leaf([[1, 5], [7, 3]]); // biome-ignore format: a matrix
    const [top, bottom] = x.split(1, 0);
    const drawn = graph(top.mul(bottom).sum().add(max(x, 1).values.sum()));
    expect(vertex(drawn, 'leaf').gradient).toEqual([
      [7, 4],
      [2, 5],
    ]);
    const plain = graph(linear(leaf([[1, 2]]), leaf([[3, 4]])).sum());
    expect(plain.nodes.filter(({ kind }) => kind === 'constant')).toEqual([]);
  });

  test('values and gradients of more than sixteen elements are left out, shapes are not', () => {
    const w = randn([4, 5], { requiresGrad: true });
    const drawn = graph(w.tanh().sum(), { names: [['weights', w]] });
    const { shape, value, gradient } = vertex(drawn, 'weights');
    expect([shape, value, gradient]).toEqual([[4, 5], null, null]);
    expect(vertex(drawn, 'tanh').shape).toEqual([4, 5]);
    expect(drawn.nodes.at(-1)?.gradient).toBe(1);
  });

  test('a leaf, a constant, and what a scope took back', () => {
    const x = leaf([1, 2]);
    expect(graph(x).nodes).toEqual([
      {
        id: 'n0',
        kind: 'leaf',
        op: 'leaf',
        name: null,
        shape: [2],
        dtype: 'float64',
        value: [1, 2],
        gradient: null,
        forward: null,
        backward: 1,
      },
    ]);
    const c = noGrad(() => x.mul(2));
    expect(graph(c, { names: { c } }).nodes[0]).toMatchObject({ kind: 'constant', name: 'c', value: [2, 4] });
    const kept = scope(() => randn([40, 40], { requiresGrad: true }).tanh().sum());
    expect(graph(kept).nodes.map(({ op, value }) => [op, value === null])).toEqual([
      ['leaf', true],
      ['tanh', true],
      ['sum', false],
    ]);
  });

  test('refuses what is no tensor', () => {
    expect(() => graph(3 as never)).toThrow(DTypeError);
    expect(() => graph(leaf(1), { names: { x: 3 as never } })).toThrow(/what is called x must be a tensor/);
  });
});

describe('the order of both passes', () => {
  test('is the order of creation, and the one in which backward() completes gradients', () => {
    const { x, y, product, shifted, loss } = square();
    const order: string[] = [];
    for (const [name, t] of Object.entries({ x, y, product, shifted, loss }))
      t.registerHook(() => void order.push(name));
    loss.backward();
    const drawn = graph(loss, { names: { x, y, product, shifted, loss } });
    const by = (pass: 'forward' | 'backward') =>
      drawn.nodes
        .filter((node) => node[pass] !== null)
        .sort((a, b) => (a[pass] as number) - (b[pass] as number))
        .map(({ name }) => name);
    expect(by('forward')).toEqual(['product', 'shifted', 'loss']);
    expect(by('backward')).toEqual(order);
    expect(order.slice(0, 3)).toEqual(['loss', 'shifted', 'product']);
  });

  test('of a graph too deep for recursion', () => {
    let y: Tensor = leaf([1]);
    for (let i = 0; i < 100_000; i++) y = add(y, 1);
    const { nodes, edges } = graph(y);
    expect([nodes.length, edges.length, nodes.at(-1)?.value, nodes[0].gradient]).toEqual([
      200_001,
      200_000,
      [100_001],
      [1],
    ]);
  });

  test('drawing leaves the graph to be walked, and runs through second derivatives', () => {
    const x = leaf(3);
    const [first] = grad(x.mul(x).mul(x), [x], { createGraph: true });
    const drawn = graph(first, { names: { x } });
    expect([drawn.nodes.at(-1)?.value, vertex(drawn, 'x').gradient]).toEqual([27, 18]);
    first.backward();
    expect(x.grad?.item()).toBe(18);
  });
});

describe('DOT', () => {
  test('one statement a node and an edge, the same text each time', () => {
    const text = (): string => {
      const { x, y, loss } = square();
      return graph(loss, { names: { x, y } }).toDot({ rankdir: 'TB' });
    };
    expect(text()).toBe(text());
    expect(text()).toContain('rankdir=TB');
    expect(text().match(/^ {2}n\d+ \[/gm)?.length).toBe(6);
    expect(text().match(/^ {2}n\d+ -> n\d+;/gm)).toEqual([
      '  n0 -> n2;',
      '  n1 -> n2;',
      '  n2 -> n4;',
      '  n3 -> n4;',
      '  n4 -> n5;',
    ]);
    expect(text()).toContain('float64 []   → 1  ← 3');
    expect(() => graph(leaf(1)).toDot({ rankdir: 'up' as never })).toThrow(ConfigError);
  });

  test('names are written out, whatever they hold', async () => {
    const x = leaf(1);
    const name = '<b> & "q" \\ {r|s} \u0000 -> ]; }\nsecond';
    const drawn = graph(x.mul(2), { names: { [name]: x } });
    expect(drawn.toDot()).toContain('&lt;b&gt; &amp; &quot;q&quot; \\ {r|s} \ufffd -&gt; ]; }<BR/>second');
    const svg = await drawn.toSvg();
    expect(svg).toContain('&lt;b&gt; &amp; ');
    expect(svg).toContain('second');
  });

  test('numbers with five digits, and those that are none', () => {
    const dot = graph(leaf([1 / 3, -0, 1e-9, NaN]).mul(tensor([Infinity, 1, 1, 1], { dtype: 'float64' }))).toDot();
    expect(dot).toContain('[0.33333, -0, 1e-9, NaN]');
    expect(dot).toContain('[Infinity, -0, 1e-9, NaN]');
  });
});

describe('SVG', () => {
  afterEach(() => {
    vi.doUnmock('@viz-js/viz');
    vi.resetModules();
  });

  test('a picture with every node and edge', async () => {
    const svg = await graph(relu(leaf([1, -2])).sum()).toSvg();
    expect(svg).toMatch(/^<\?xml[\s\S]*<svg[\s\S]*<\/svg>\s*$/);
    expect([svg.match(/class="node"/g)?.length, svg.match(/class="edge"/g)?.length]).toEqual([3, 2]);
    for (const shown of ['relu', 'float64 [2]', '[1, -2]', '[1, 0]'])
      expect(svg.replaceAll('&#45;', '-')).toContain(shown);
  });

  test('without the package: an error that says what to install', async () => {
    vi.resetModules();
    vi.doMock('@viz-js/viz', () => {
      throw new Error('Cannot find package');
    });
    const { renderSvg } = await import('../../src/viz/graphviz.ts');
    await expect(renderSvg('digraph {}')).rejects.toThrow(
      /toSvg: .*@viz-js\/viz is missing \(npm install @viz-js\/viz\)/,
    );
  });
});
