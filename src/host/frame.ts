// The marks around what a command printed on another machine: what stands outside is noise, and without the last one nothing is known.

/** What the far side said of one command. Texts are what stood between the marks. */
export type FramedAnswer =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'no program'; readonly searchPath: string }
  | { readonly kind: 'no folder'; readonly folder: string }
  /** An end is missing: whatever was printed so far. */
  | { readonly kind: 'cut'; readonly hasBegun: boolean; readonly stdout: string; readonly stderr: string };

/** What a mark says; each of them goes to both streams. The exit code follows `end`. */
export const MARKS = {
  begin: 'begin',
  end: 'end',
  noProgram: 'no-program',
  noFolder: 'no-folder',
} as const;

/** @param nonce a random token of letters and digits, new for each command */
export function mark(nonce: string, what: string): string {
  return `[${nonce} ${what}]`;
}

/** Reads what a session printed from its beginning to its end, or to where it broke. */
export function readFrame(nonce: string, stdout: string, stderr: string): FramedAnswer {
  const out = readStream(nonce, stdout);
  const err = readStream(nonce, stderr);
  const end = out.end;
  if (end === undefined || err.end !== end)
    return { kind: 'cut', hasBegun: out.hasBegun || err.hasBegun, stdout: out.text, stderr: err.text };
  if (end === MARKS.noProgram) return { kind: 'no program', searchPath: out.text };
  if (end === MARKS.noFolder) return { kind: 'no folder', folder: out.text };
  return { kind: 'ended', exitCode: Number(end.slice(MARKS.end.length)), stdout: out.text, stderr: err.text };
}

/** Whether this part of a stream holds a last mark. */
export function hasEnd(nonce: string, text: string): boolean {
  return endMark(nonce).test(text);
}

interface MarkedText {
  readonly hasBegun: boolean;
  readonly text: string;
  /** What the last mark says; undefined when there is none. */
  readonly end: string | undefined;
}

function readStream(nonce: string, stream: string): MarkedText {
  const begin = `${mark(nonce, MARKS.begin)}\n`;
  const at = stream.indexOf(begin);
  if (at === -1) return { hasBegun: false, text: '', end: undefined };
  const rest = stream.slice(at + begin.length);
  const found = endMark(nonce).exec(rest);
  if (found === null) return { hasBegun: true, text: rest, end: undefined };
  return { hasBegun: true, text: rest.slice(0, found.index), end: found[1] };
}

function endMark(nonce: string): RegExp {
  return new RegExp(`\\[${nonce} (${MARKS.end} \\d+|${MARKS.noProgram}|${MARKS.noFolder})\\]`);
}
