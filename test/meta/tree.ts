import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the repository, by its path from the root. */
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const foreign = new Set(['node_modules', '.git', 'data', 'coverage']);

/** Paths of all files of the repository, or of one folder of it. */
export function filesUnder(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !foreign.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

export interface Import {
  readonly from: string;
  /** A path from the root, or the name of a package or built-in module. */
  readonly to: string;
  readonly kind: 'file' | 'package' | 'built-in';
  /** Gone at run time. */
  readonly typeOnly: boolean;
}

const importOf =
  /^(?:import|export)\s+(?<type>type\s)?(?<names>[^;'"]*?\sfrom\s+)?'(?<target>[^']+)'|\bimport\('(?<dynamic>[^']+)'\)|(?:createRequire\(import\.meta\.url\)|require(?:\.resolve)?)\('(?<required>[^']+)'\)/gm;

/** Every import of one TypeScript file. */
export function importsOf(from: string): Import[] {
  return [...textOf(from).matchAll(importOf)].map(({ groups = {} }) => {
    const target = groups.target ?? groups.dynamic ?? groups.required ?? '';
    // `typeof import('x')` is the one dynamic form in use, and is a type.
    const typeOnly = groups.type !== undefined || groups.dynamic !== undefined || onlyTypes(groups.names);
    if (target.startsWith('.')) return { from, to: normalize(join(dirname(from), target)), kind: 'file', typeOnly };
    if (target.startsWith('node:')) return { from, to: target, kind: 'built-in', typeOnly };
    const name = target.split('/').slice(0, target.startsWith('@') ? 2 : 1);
    return { from, to: name.join('/'), kind: 'package', typeOnly };
  });
}

/** `{ type A, type B } from` */
function onlyTypes(names: string | undefined): boolean {
  const list = /\{([^}]*)\}/.exec(names ?? '')?.[1];
  if (list === undefined || !/^\s*\{/.test(names ?? '')) return false;
  return list.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
}
