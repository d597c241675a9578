// Marks around the output of a remote command: text outside them is noise, and without the end mark the outcome is unknown.
import { randomBytes } from 'node:crypto';

/** The output of one remote command. Texts are the output between the marks. */
export type FramedOutput =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'no program'; readonly searchPath: string }
  | { readonly kind: 'no folder'; readonly folder: string }
  /** The end mark is missing; the texts are the output so far. */
  | { readonly kind: 'truncated'; readonly hasBegun: boolean; readonly stdout: string; readonly stderr: string };

/** Contents of marks. Each mark is printed to both streams. */
export const MARKS = {
  begin: 'begin',
  /** Followed by the exit code. Output between this mark and the end mark is from children that outlive the program. */
  exit: 'exit',
  end: 'end',
  noProgram: 'no-program',
  noFolder: 'no-folder',
} as const;

const END_MARKS = [MARKS.end, MARKS.noProgram, MARKS.noFolder];

/** @param nonce random letters and digits, new for each command */
export function mark(nonce: string, what: string): string {
  return `[${nonce} ${what}]`;
}

/** Parses the output of a session, complete or truncated. */
export function parseFrame(nonce: string, stdout: string, stderr: string): FramedOutput {
  const out = parseStream(nonce, stdout);
  const err = parseStream(nonce, stderr);
  const { end, exitCode } = out;
  if (end === undefined || err.end !== end || err.exitCode !== exitCode)
    return { kind: 'truncated', hasBegun: out.hasBegun || err.hasBegun, stdout: out.text, stderr: err.text };
  if (end === MARKS.noProgram) return { kind: 'no program', searchPath: out.text };
  if (end === MARKS.noFolder) return { kind: 'no folder', folder: out.text };
  if (exitCode === undefined) return { kind: 'truncated', hasBegun: true, stdout: out.text, stderr: err.text };
  return { kind: 'ended', exitCode, stdout: out.text, stderr: err.text };
}

/** Whether this part of a stream contains an end mark. */
export function hasEnd(nonce: string, text: string): boolean {
  return END_MARKS.some((what) => text.includes(mark(nonce, what)));
}

interface MarkedText {
  readonly hasBegun: boolean;
  readonly text: string;
  readonly exitCode: number | undefined;
  /** Content of the end mark; undefined without one. */
  readonly end: string | undefined;
}

// With string searches only: for each command, a regular expression with its nonce would take longer to compile than to match.
function parseStream(nonce: string, stream: string): MarkedText {
  const begin = `${mark(nonce, MARKS.begin)}\n`;
  const at = stream.indexOf(begin);
  if (at === -1) return { hasBegun: false, text: '', exitCode: undefined, end: undefined };
  const rest = stream.slice(at + begin.length);
  const end = findEnd(nonce, rest);
  const printed = rest.slice(0, end?.at);
  const exit = findExit(nonce, printed);
  return {
    hasBegun: true,
    text: exit === undefined ? printed : printed.slice(0, exit.at) + printed.slice(exit.after),
    exitCode: exit?.code,
    end: end?.what,
  };
}

/** The first end mark. */
function findEnd(nonce: string, text: string): { readonly at: number; readonly what: string } | undefined {
  const found = END_MARKS.map((what) => ({ at: text.indexOf(mark(nonce, what)), what })).filter(({ at }) => at !== -1);
  return found.sort((a, b) => a.at - b.at)[0];
}

/** The first exit mark. */
function findExit(
  nonce: string,
  text: string,
): { readonly at: number; readonly after: number; readonly code: number } | undefined {
  const start = `[${nonce} ${MARKS.exit} `;
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    const [rest, code] = /^(\d+)\]\n/.exec(text.slice(at + start.length)) ?? [];
    if (rest !== undefined) return { at, after: at + start.length + rest.length, code: Number(code) };
  }
  return undefined;
}

/** 24 random digits and lower-case letters: a program cannot guess the nonce, and no shell changes it. */
export function randomNonce(): string {
  return randomBytes(12).toString('hex');
}
