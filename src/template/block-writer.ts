// Mustache as the blocks of a job need it: its parser looks at every letter, so what has no tag goes around it, and each text is parsed once.
import Mustache from 'mustache';

/** What Mustache's parser makes of a text: the kind, the text or the name, where it stood; and of a section, what is in it. */
type Token = [kind: string, text: string, start: number, end: number, inside?: unknown];

/** All lines up to the next one with a tag. No tag of ours goes over several lines. */
const LINES_WITHOUT_TAG = /^(?:(?!.*\{\{).*\n)+/gm;
/** What stands for such lines while Mustache parses, in letters that no template has. */
const STAND_IN = /\uE000(\d+)\uE001/g;

/** A writer that gives what Mustache's own gives, but for functions in the view, which would be shown the stand-ins. */
export function createBlockWriter(): Mustache.Writer {
  const writer = new Mustache.Writer();
  const parse = writer.parse.bind(writer);
  // Mustache keeps what it has parsed too, but looks for it by a copy of the whole text, which takes longer than rendering.
  const parsed = new Map<string, readonly Token[]>();
  const lines: string[] = [];

  writer.parse = (text, tags) => {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const short = text.replace(LINES_WITHOUT_TAG, (found) => `\uE000${lines.push(found) - 1}\uE001\n`);
    const tokens = parse(short, tags) as Token[];
    putBack(tokens, lines);
    parsed.set(text, tokens);
    return tokens;
  };
  return writer;
}

function putBack(tokens: Token[], lines: readonly string[]): void {
  for (const token of tokens) {
    const [kind, text, , , inside] = token;
    if (kind === 'text') token[1] = text.replace(STAND_IN, (_found, index) => lines[Number(index)]?.slice(0, -1) ?? '');
    if (Array.isArray(inside)) putBack(inside as Token[], lines);
  }
}
