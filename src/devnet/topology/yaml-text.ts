import type { Node } from 'yaml';
import type { OptionPath, TopologyFault } from './topology-error.ts';

/** Times that aliases may repeat content. */
const MAX_ALIASES = 100;

/** A YAML document. */
export interface ParsedYaml {
  /** Its value; undefined if there are faults. */
  readonly content: unknown;
  /** Where it is not YAML. */
  readonly faults: readonly TopologyFault[];
  /** Returns the line, from 1, of the value at a path, or of the nearest one that there is. */
  lineOf(path: OptionPath): number | undefined;
}

/** Parses a YAML 1.2 document with the types of JSON. */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  // Loaded here, since few programs read such files.
  const { isMap, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const nothing = { content: undefined, lineOf: () => undefined };
  try {
    const options = { lineCounter, prettyErrors: false, stringKeys: true } as const;
    const document = parseDocument(text, options);
    const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
      path: [],
      reason: message,
      line: lineCounter.linePos(pos[0]).line,
    }));
    if (faults.length > 0) return { ...nothing, faults };
    const lineOf = (path: OptionPath): number | undefined => {
      let node: unknown = document.contents;
      let offset = (node as Node | null)?.range?.[0];
      for (const part of path) {
        // A key without a value, or whose value is an alias, stands for it.
        const pair = isMap(node)
          ? node.items.find(({ key }) => (key as { value?: unknown }).value === part)
          : undefined;
        const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
        const start = ((pair?.key ?? item) as Node | undefined)?.range?.[0];
        if (start === undefined) break;
        offset = start;
        node = pair ? pair.value : item;
      }
      return offset === undefined ? undefined : lineCounter.linePos(offset).line;
    };
    return { content: document.toJS({ maxAliasCount: MAX_ALIASES }), faults, lineOf };
  } catch (error) {
    // Of aliases without end, and of nesting beyond the stack.
    return { ...nothing, faults: [{ path: [], reason: (error as Error).message }] };
  }
}
