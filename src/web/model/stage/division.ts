import type { ControlClient } from '../../../control/client/control-client.ts';
import type { Point } from './layout.ts';

/** The ends of a link. */
export interface LinkEnds {
  readonly from: string;
  readonly to: string;
}

/** Links that are to be cut, and the commands that cut them. */
export interface Division {
  readonly links: readonly LinkEnds[];
  /** The groups that are divided from each other and from all other nodes; absent if the cuts divide nothing. */
  readonly groups?: readonly (readonly string[])[];
  readonly commands: readonly string[];
}

/** Returns the links that a drawn line crosses. */
export function crossedLinks<T extends LinkEnds>(
  line: readonly Point[],
  links: readonly T[],
  places: ReadonlyMap<string, Point>,
): T[] {
  return links.filter(({ from, to }) => {
    const [a, b] = [places.get(from), places.get(to)];
    return a && b && line.some((point, i) => i > 0 && cross(line[i - 1]!, point, a, b));
  });
}

/** Returns the number of the part that each node is in: nodes in different parts are not linked, not even over others. */
export function partsOf(names: readonly string[], links: readonly LinkEnds[]): Map<string, number> {
  const next = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { from, to } of links) {
    next.get(from)?.push(to);
    next.get(to)?.push(from);
  }
  const parts = new Map<string, number>();
  let count = 0;
  for (const name of names) {
    if (parts.has(name)) continue;
    const reached = new Set([name]);
    // A set's iteration reaches what is added meanwhile.
    for (const each of reached) for (const other of next.get(each) ?? []) if (next.has(other)) reached.add(other);
    for (const each of reached) parts.set(each, count);
    count++;
  }
  return parts;
}

/** Returns the division that cuts these of the open links. */
export function divisionByCuts(
  names: readonly string[],
  open: readonly LinkEnds[],
  cuts: readonly LinkEnds[],
): Division {
  const isCut = new Set(cuts);
  const parts = partsOf(
    names,
    open.filter((link) => !isCut.has(link)),
  );
  // A cut inside of a part divides nothing: its ends stay linked over other nodes.
  if (cuts.length === 0 || cuts.some(({ from, to }) => parts.get(from) === parts.get(to))) {
    return { links: cuts, commands: cuts.map(({ from, to }) => `pier link ${word(from)} ${word(to)} --cut`) };
  }
  const groups: string[][] = [];
  for (const name of names) {
    const part = parts.get(name)!;
    groups[part] ??= [];
    groups[part].push(name);
  }
  // Nodes in no group form one more: the largest need not be named.
  const largest = groups.reduce((most, group) => (group.length >= most.length ? group : most));
  return divided(
    groups.filter((group) => group !== largest),
    cuts,
  );
}

/** Returns the division that cuts the open links between chosen nodes and all others. */
export function divisionOfNodes(chosen: ReadonlySet<string>, open: readonly LinkEnds[]): Division {
  const cuts = open.filter(({ from, to }) => chosen.has(from) !== chosen.has(to));
  return cuts.length === 0 ? { links: [], commands: [] } : divided([[...chosen]], cuts);
}

/** Cuts the links. */
export async function divide(client: ControlClient, { links, groups }: Division): Promise<void> {
  if (groups) {
    await client.call('partition', { groups: groups.map((group) => [...group]) });
    return;
  }
  for (const { from, to } of links) await client.call('link', { between: [from, to], cut: true });
}

function divided(groups: readonly (readonly string[])[], links: readonly LinkEnds[]): Division {
  const command = ['pier partition', ...groups.map((group) => word(group.join(',')))].join(' ');
  return { links, groups, commands: [command] };
}

/** Returns a word of a shell. */
function word(text: string): string {
  return /^[\w.,:@/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns whether two lines cross. */
function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}
