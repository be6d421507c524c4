/**
 * The fixtures name what they computed by the Python expression that was evaluated. This reads such an expression, so
 * that the very same one is evaluated over the library: the part of Python's grammar that expressions need, and no
 * statements.
 */

export type Expr =
  | { kind: 'constant'; value: number | string | boolean | null }
  | { kind: 'name'; name: string }
  | { kind: 'sequence'; items: Expr[] }
  | { kind: 'star'; value: Expr }
  | { kind: 'lambda'; params: string[]; body: Expr }
  | { kind: 'call'; callee: Expr; args: Expr[]; keywords: [name: string, value: Expr][] }
  | { kind: 'attribute'; object: Expr; name: string }
  | { kind: 'subscript'; object: Expr; index: Expr }
  | { kind: 'slice'; bounds: (Expr | null)[] }
  | { kind: 'unary'; op: '-' | '+'; operand: Expr }
  | { kind: 'binary'; op: string; left: Expr; right: Expr }
  | { kind: 'choice'; test: Expr; then: Expr; otherwise: Expr }
  | { kind: 'comprehension'; element: Expr; names: string[]; source: Expr };

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|([A-Za-z_]\w*)|('[^']*'|"[^"]*")|(\.\.\.|\*\*|\/\/|[=!<>]=|[-+*/@%()[\],.:=<>]))/y;
const CONSTANTS = new Map<string, boolean | null>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
/** Left-associative operators from the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ['in', '==', '!=', '<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '//', '%', '@'],
];

interface Token {
  readonly kind: 'number' | 'name' | 'string' | 'mark' | 'end';
  readonly text: string;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxError(`cannot read this expression from character ${at}: ${text}`);
    const [, number, name, string, mark] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1) });
    else tokens.push({ kind: 'mark', text: mark });
  }
  return [...tokens, { kind: 'end', text: '' }];
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  parse(): Expr {
    const expr = this.#expression();
    if (this.#next.kind !== 'end') this.#fail();
    return expr;
  }

  get #next(): Token {
    return this.#tokens[this.#at];
  }

  #fail(): never {
    throw new SyntaxError(`unexpected "${this.#next.text}" in ${this.#source}`);
  }

  /** Takes the next token if it is this mark or word. */
  #take(text: string): boolean {
    if (this.#next.text !== text || this.#next.kind === 'string') return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail();
  }

  #name(): string {
    if (this.#next.kind !== 'name') this.#fail();
    return this.#tokens[this.#at++].text;
  }

  #expression(): Expr {
    if (!this.#take('lambda')) return this.#choice(this.#binary(0));
    const params: string[] = [];
    while (this.#next.text !== ':') {
      params.push(this.#name());
      this.#take(',');
    }
    this.#expect(':');
    return { kind: 'lambda', params, body: this.#expression() };
  }

  /** `then if test else otherwise`, if that follows. */
  #choice(then: Expr): Expr {
    if (!this.#take('if')) return then;
    const test = this.#binary(0);
    this.#expect('else');
    return { kind: 'choice', test, then, otherwise: this.#expression() };
  }

  #binary(level: number): Expr {
    if (level === LEVELS.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const op = LEVELS[level].find((mark) => this.#take(mark));
      if (op === undefined) return left;
      left = { kind: 'binary', op, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expr {
    for (const op of ['-', '+'] as const) if (this.#take(op)) return { kind: 'unary', op, operand: this.#unary() };
    const base = this.#trailers(this.#atom());
    return this.#take('**') ? { kind: 'binary', op: '**', left: base, right: this.#unary() } : base;
  }

  #trailers(expr: Expr): Expr {
    for (;;) {
      if (this.#take('.')) expr = { kind: 'attribute', object: expr, name: this.#name() };
      else if (this.#take('(')) expr = this.#call(expr);
      else if (this.#take('['))
        expr = { kind: 'subscript', object: expr, index: this.#sequence(']', () => this.#slice()) };
      else return expr;
    }
  }

  #call(callee: Expr): Expr {
    const args: Expr[] = [];
    const keywords: [string, Expr][] = [];
    while (!this.#take(')')) {
      const following = this.#tokens[this.#at + 1];
      if (this.#take('*')) args.push({ kind: 'star', value: this.#expression() });
      else if (this.#next.kind === 'name' && following.kind === 'mark' && following.text === '=') {
        const name = this.#name();
        this.#expect('=');
        keywords.push([name, this.#expression()]);
      } else args.push(this.#comprehension(this.#expression()));
      if (this.#next.text !== ')') this.#expect(',');
    }
    return { kind: 'call', callee, args, keywords };
  }

  /** `element for names in source`, if that follows. */
  #comprehension(element: Expr): Expr {
    if (!this.#take('for')) return element;
    const names = [this.#name()];
    while (this.#take(',')) names.push(this.#name());
    this.#expect('in');
    return { kind: 'comprehension', element, names, source: this.#expression() };
  }

  #slice(): Expr {
    const bounds: (Expr | null)[] = [];
    const atEnd = () => [':', ',', ']'].includes(this.#next.text);
    bounds.push(atEnd() ? null : this.#expression());
    if (this.#next.text !== ':') return bounds[0] ?? this.#fail();
    while (this.#take(':')) bounds.push(atEnd() ? null : this.#expression());
    return { kind: 'slice', bounds };
  }

  /** One expression, or several separated by commas, up to the closing mark. */
  #sequence(close: string, item: () => Expr): Expr {
    const items: Expr[] = [];
    let commas = 0;
    while (!this.#take(close)) {
      items.push(this.#comprehension(item()));
      if (this.#next.text !== close) this.#expect(',');
      else continue;
      commas++;
    }
    return items.length === 1 && commas === 0 ? items[0] : { kind: 'sequence', items };
  }

  #atom(): Expr {
    const { kind, text } = this.#next;
    if (this.#take('(')) return this.#sequence(')', () => this.#expression());
    if (this.#take('[')) {
      const inner = this.#sequence(']', () => this.#expression());
      return inner.kind === 'sequence' || inner.kind === 'comprehension' ? inner : { kind: 'sequence', items: [inner] };
    }
    if (this.#take('...')) return { kind: 'constant', value: '...' };
    if (kind === 'end' || kind === 'mark') this.#fail();
    this.#at++;
    if (kind === 'number') return { kind: 'constant', value: Number(text) };
    if (kind === 'string') return { kind: 'constant', value: text };
    const constant = CONSTANTS.get(text);
    return constant === undefined ? { kind: 'name', name: text } : { kind: 'constant', value: constant };
  }
}

export function parsePython(source: string): Expr {
  return new Parser(source).parse();
}

/** Whatever an expression can stand for: tensors, numbers, strings, functions, sequences. */
export type Value = unknown;

export type Callable = (args: Value[], keywords: Record<string, Value>) => Value;

/** The meaning of what is not the grammar's. */
export interface Host {
  /** A name that no lambda, input or option binds. */
  global(name: string): Value;
  attribute(object: Value, name: string): Value;
  subscript(object: Value, index: Value): Value;
  unary(op: '-' | '+', operand: Value): Value;
  binary(op: string, left: Value, right: Value): Value;
}

/** The value of `start:stop:step` in a subscript. */
export class Slice {
  readonly bounds: readonly (number | null)[];

  constructor(bounds: readonly (number | null)[]) {
    this.bounds = bounds;
  }
}

export type Scope = ReadonlyMap<string, Value>;

function bind(scope: Scope, names: readonly string[], values: readonly Value[]): Scope {
  if (names.length !== values.length) throw new TypeError(`${names.length} names for ${values.length} values`);
  return new Map([...scope, ...names.map((name, i) => [name, values[i]] as const)]);
}

export function evaluate(expr: Expr, scope: Scope, host: Host): Value {
  const value = (inner: Expr): Value => evaluate(inner, scope, host);
  const items = (list: readonly Expr[]): Value[] =>
    list.flatMap((item) => (item.kind === 'star' ? (value(item.value) as Value[]) : [value(item)]));
  switch (expr.kind) {
    case 'constant':
      return expr.value;
    case 'name':
      return scope.has(expr.name) ? scope.get(expr.name) : host.global(expr.name);
    case 'sequence':
      return items(expr.items);
    case 'star':
      throw new SyntaxError('a star outside a call or sequence');
    case 'lambda':
      return ((args) => evaluate(expr.body, bind(scope, expr.params, args), host)) satisfies Callable;
    case 'call':
      return (value(expr.callee) as Callable)(
        items(expr.args),
        Object.fromEntries(expr.keywords.map(([name, inner]) => [name, value(inner)])),
      );
    case 'attribute':
      return host.attribute(value(expr.object), expr.name);
    case 'subscript':
      return host.subscript(value(expr.object), value(expr.index));
    case 'slice':
      return new Slice(expr.bounds.map((bound) => (bound === null ? null : (value(bound) as number))));
    case 'unary':
      return host.unary(expr.op, value(expr.operand));
    case 'binary':
      return host.binary(expr.op, value(expr.left), value(expr.right));
    case 'choice':
      return value(expr.test) ? value(expr.then) : value(expr.otherwise);
    case 'comprehension':
      return (value(expr.source) as Value[]).map((item) => {
        const values = expr.names.length === 1 ? [item] : (item as Value[]);
        return evaluate(expr.element, bind(scope, expr.names, values), host);
      });
  }
}

/** Every part of an expression, itself first. */
export function* walkExpr(expr: Expr): Generator<Expr> {
  yield expr;
  const children: (Expr | null)[] = (() => {
    switch (expr.kind) {
      case 'constant':
      case 'name':
        return [];
      case 'sequence':
        return expr.items;
      case 'star':
        return [expr.value];
      case 'lambda':
        return [expr.body];
      case 'call':
        return [expr.callee, ...expr.args, ...expr.keywords.map(([, inner]) => inner)];
      case 'attribute':
        return [expr.object];
      case 'subscript':
        return [expr.object, expr.index];
      case 'slice':
        return expr.bounds;
      case 'unary':
        return [expr.operand];
      case 'binary':
        return [expr.left, expr.right];
      case 'choice':
        return [expr.test, expr.then, expr.otherwise];
      case 'comprehension':
        return [expr.element, expr.source];
    }
  })();
  for (const child of children) if (child !== null) yield* walkExpr(child);
}
