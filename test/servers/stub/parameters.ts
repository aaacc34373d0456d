import type { Behaviour } from './options.ts';

/**
 * Is a parameter of a search one that the server was told not to have? Looks into what the name or the value leads on
 * to: chains, `_has`, `_sort`, `_include` and `_revinclude`.
 */
export function isSwitchedOff(
  { withoutParameters: off }: Pick<Behaviour, 'withoutParameters'>,
  type: string,
  name: string,
  value: string,
): boolean {
  const isOff = (of: string, code: string) => off.includes(`${of}.${code}`) || off.includes(code);
  if (name.startsWith('_has:')) {
    const [, source = '', reference = '', inner = ''] = name.split(':');
    return off.includes('_has') || isOff(source, reference) || isOff(source, inner);
  }
  if (name === '_include' || name === '_revinclude') {
    const [source = '', code = ''] = value.split(':');
    return off.includes(name) || isOff(source, code);
  }
  if (name === '_sort') {
    return off.includes(name) || value.split(',').some((key) => isOff(type, key.replace(/^-/, '')));
  }
  const [code = '', ...chained] = name.split('.').map((part) => part.replace(/:.*/, ''));
  return isOff(type, code) || chained.some((inner) => off.some((one) => one.endsWith(`.${inner}`) || one === inner));
}
