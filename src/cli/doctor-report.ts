import { clausesOf, type Finding } from '../doctor/need.ts';
import { type Product, remedyFor } from '../doctor/remedies.ts';
import { table } from './table.ts';

/** What an examination found. */
export interface Examination {
  /** The base URL, or `embedded`. */
  readonly store: string;
  readonly software?: string;
  readonly product?: Product | undefined;
  readonly findings: readonly Finding[];
}

/** One JSON object, each finding on its own. */
export function asJson({ store, software, product, findings }: Examination): string {
  const shown = {
    store,
    software,
    product: product?.name,
    summary: countsOf(findings),
    findings: findings.map((one) => ({
      ...one,
      remedy: one.verdict === 'missing' && !isProvider(one) ? remedyFor(product, one.remedy) : undefined,
    })),
  };
  return JSON.stringify(shown, null, 2);
}

/** What works by groups, what does not one by one with what it costs. */
export function asTable(examination: Examination): string {
  const { store, software, product, findings } = examination;
  const lacking = findings.filter((one) => one.verdict === 'missing');
  const open = findings.filter((one) => one.verdict === 'unproven');
  const { works, claimed } = countsOf(findings);
  return [
    store === 'embedded'
      ? 'The embedded store has all that Herald needs. To examine a service that runs: --store http://HOST:PORT/fhir --token TOKEN.'
      : `${store}: ${software || 'a server that does not say what it is'}`,
    '',
    ...table(['what', 'verdict', 'of these'], groupRows(findings)),
    ...(lacking.length === 0 ? [] : ['', 'Missing:', ...alike(lacking).flatMap((some) => details(some, product))]),
    ...(open.length === 0 ? [] : ['', 'Not proven:', ...openPoints(open)]),
    '',
    `${works} work, ${claimed} by the server's own word, ${open.length} not proven, ${lacking.length} missing, ${neededOf(lacking)} of them needed.`,
    verdictOf(lacking),
  ].join('\n');
}

function groupRows(findings: readonly Finding[]): string[][] {
  const groups = [...new Set(findings.map((one) => one.group))];
  const verdicts = ['works', 'claimed', 'unproven', 'missing'] as const;
  return groups.flatMap((group) =>
    verdicts.flatMap((verdict) => {
      const some = findings.filter((one) => one.group === group && one.verdict === verdict);
      return some.length === 0 ? [] : [[group, verdict, some.map((one) => one.what).join('; ')]];
    }),
  );
}

/** Findings that differ in their group alone, together: what a server lacks for every type is one thing to a reader. */
function alike(findings: readonly Finding[]): Finding[][] {
  const key = ({ what, seen, cost, severity }: Finding): string => JSON.stringify([what, seen, cost, severity]);
  return [...Map.groupBy(findings, key).values()];
}

/** What was not proven, by the reason. */
function openPoints(findings: readonly Finding[]): string[] {
  return [...Map.groupBy(findings, (one) => one.seen)].flatMap(([seen, some]) => {
    const titles = alike(some).map(titleOf).join('; ');
    return ['', `  ${titles}`, `    ${seen}`];
  });
}

function details(findings: readonly Finding[], product: Product | undefined): string[] {
  const [finding] = findings;
  if (finding === undefined) return [];
  const { severity, seen, cost, remedy } = finding;
  const clauses = clausesOf(finding);
  return [
    '',
    `  ${titleOf(findings)} (${severity}${clauses === '' ? '' : `; ${clauses}`})`,
    `    seen:   ${seen}`,
    `    costs:  ${cost}`,
    ...(isProvider(finding) ? [] : [`    remedy: ${remedyFor(product, remedy)}`]),
  ];
}

const titleOf = (findings: readonly Finding[]): string =>
  `${findings.map((one) => one.group).join(', ')}: ${findings[0]?.what ?? ''}`;
const isProvider = ({ id }: Finding): boolean => id.startsWith('provider:');
const neededOf = (findings: readonly Finding[]): number => findings.filter((one) => one.severity === 'needed').length;

function countsOf(findings: readonly Finding[]): Readonly<Record<Finding['verdict'], number>> {
  const count = (verdict: Finding['verdict']): number => findings.filter((one) => one.verdict === verdict).length;
  return { works: count('works'), claimed: count('claimed'), unproven: count('unproven'), missing: count('missing') };
}

function verdictOf(lacking: readonly Finding[]): string {
  if (neededOf(lacking) > 0) return 'Herald cannot keep its promises on this until what is needed is there.';
  return lacking.length === 0 ? 'Nothing that was tried is missing.' : 'Everything that is needed is there.';
}
