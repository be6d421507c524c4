/**
 * A disk in memory that can lose power: it knows which bytes and which names were synced, and lists every state that
 * a power failure may leave behind. Only what `FileSystem` asks for is there.
 */

import type { FileSystem } from '../../src/io/file-system.ts';

interface Inode {
  content: Buffer;
  /** The content at the last sync; null if the file was never synced. */
  durable: Buffer | null;
}

type NameChange = { name: string; inode: Inode | null }[];

export class CrashDisk {
  /** Names as programs see them. */
  readonly names = new Map<string, Inode>();
  /** Names that survive for certain. */
  #durable = new Map<string, Inode>();
  /** Changes of names since the folder was synced; a rename is one change, of two names. */
  #changes: NameChange[] = [];
  readonly #open = new Map<number, Inode | 'folder'>();
  #nextFd = 3;
  /** Called before every operation, with its name; may throw. */
  before: (operation: string) => void = () => {};

  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) {
      const inode = { content: Buffer.from(text), durable: Buffer.from(text) };
      this.names.set(name, inode);
      this.#durable.set(name, inode);
    }
  }

  read(name: string): string | null {
    return this.names.get(name)?.content.toString('latin1') ?? null;
  }

  /**
   * What may be found after a power failure now, as text by name: any subset of the changes of names that were not
   * synced, in order, and for each file whose bytes were not synced its old bytes, none, a half, or zeros.
   */
  *statesAfterPowerLoss(): Generator<Map<string, string>> {
    for (let subset = 0; subset < 1 << this.#changes.length; subset++) {
      const names = new Map(this.#durable);
      for (const [i, change] of this.#changes.entries()) if ((subset >> i) & 1) apply(names, change);
      for (let variant = 0; variant < 4; variant++) {
        const state = new Map<string, string>();
        for (const [name, { content, durable }] of names) {
          const lost = [
            durable ?? Buffer.alloc(0),
            Buffer.alloc(0),
            content.subarray(0, content.length >> 1),
            Buffer.alloc(content.length),
          ];
          const bytes = durable?.equals(content) ? content : lost[variant];
          state.set(name, bytes.toString('latin1'));
        }
        yield state;
      }
    }
  }

  readonly fs = {
    openSync: (path: string, flags: string | number): number => {
      this.before('openSync');
      const fd = this.#nextFd++;
      if (path === '/') {
        this.#open.set(fd, 'folder');
        return fd;
      }
      let inode = this.names.get(path);
      if (flags === 'wx') {
        if (inode !== undefined) throw failure('EEXIST');
        inode = { content: Buffer.alloc(0), durable: null };
        this.#change([{ name: path, inode }]);
      } else if (inode === undefined) throw failure('ENOENT');
      this.#open.set(fd, inode);
      return fd;
    },
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number): number => {
      this.before('writeSync');
      const inode = this.#inode(fd);
      // A disk may take less than it is given.
      const taken = Math.max(1, Math.ceil(length / 2));
      inode.content = Buffer.concat([inode.content, bytes.subarray(offset, offset + taken)]);
      return taken;
    },
    readSync: (fd: number, bytes: Uint8Array, offset: number, length: number): number => {
      this.before('readSync');
      const inode = this.#inode(fd) as Inode & { read?: number };
      const piece = inode.content.subarray(inode.read ?? 0, (inode.read ?? 0) + length);
      bytes.set(piece, offset);
      inode.read = (inode.read ?? 0) + piece.length;
      return piece.length;
    },
    fsyncSync: (fd: number): void => {
      this.before('fsyncSync');
      const open = this.#open.get(fd);
      if (open === 'folder') {
        this.#durable = new Map(this.names);
        this.#changes = [];
      } else {
        const inode = this.#inode(fd);
        inode.durable = Buffer.from(inode.content);
      }
    },
    closeSync: (fd: number): void => {
      this.#open.delete(fd);
      this.before('closeSync');
    },
    fstatSync: (fd: number) => {
      this.before('fstatSync');
      return { size: this.#inode(fd).content.length };
    },
    lstatSync: (path: string) => {
      this.before('lstatSync');
      if (!this.names.has(path)) throw failure('ENOENT');
      return { isFile: () => true, isSymbolicLink: () => false, isDirectory: () => false };
    },
    realpathSync: (path: string): string => path,
    linkSync: (from: string, to: string): void => {
      this.before('linkSync');
      const inode = this.names.get(from);
      if (inode === undefined) throw failure('ENOENT');
      if (this.names.has(to)) throw failure('EEXIST');
      this.#change([{ name: to, inode }]);
    },
    renameSync: (from: string, to: string): void => {
      this.before('renameSync');
      const inode = this.names.get(from);
      if (inode === undefined) throw failure('ENOENT');
      if (this.names.get(to) === inode) return; // as POSIX has it
      this.#change([
        { name: to, inode },
        { name: from, inode: null },
      ]);
    },
    unlinkSync: (path: string): void => {
      this.before('unlinkSync');
      if (!this.names.has(path)) throw failure('ENOENT');
      this.#change([{ name: path, inode: null }]);
    },
    readdirSync: (): string[] => [...this.names.keys()].map((name) => name.slice(1)),
    statfsSync: () => ({ bavail: 5n, bsize: 4096n }),
  } as unknown as FileSystem;

  #inode(fd: number): Inode {
    const open = this.#open.get(fd);
    if (open === undefined || open === 'folder') throw failure('EBADF');
    return open;
  }

  #change(change: NameChange): void {
    apply(this.names, change);
    this.#changes.push(change);
  }
}

function apply(names: Map<string, Inode>, change: NameChange): void {
  for (const { name, inode } of change) {
    if (inode === null) names.delete(name);
    else names.set(name, inode);
  }
}

/** An error as the operating system reports it. */
export function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
