import { readFileSync } from 'node:fs';

/** One line of profiles/sushi-config.yaml. Errors: Error when there is no such line. */
export function setting(name: string): string {
  const config = readFileSync(new URL('../../profiles/sushi-config.yaml', import.meta.url), 'utf8');
  const value = new RegExp(`^${name}: (.+)$`, 'm').exec(config)?.[1];
  if (value === undefined) throw new Error(`profiles/sushi-config.yaml has no ${name}`);
  return value;
}
