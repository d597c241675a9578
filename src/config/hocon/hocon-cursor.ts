// A position in a HOCON text that moves forward and reports errors at that position.
import { MASK, redactText } from '../../base/secret-patterns.ts';
import { ConfigError } from '../errors.ts';
import type { Origin } from '../config-tree.ts';
import { isSecretKey } from '../secret-setting-names.ts';

const WIDTH = 100;

/** Makes the error for one position in the text. */
export type Blame = (fact: string) => ConfigError;

export interface Cursor {
  readonly file: string;
  /** Moves over the text that a sticky pattern matches here; returns undefined, without moving, if it does not match. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  /** The next character, empty at the end. */
  peek(length?: number): string;
  origin(): Origin;
  /** A function that reports an error at this position, also later. `hidden` hides the values of the line. */
  blame(hidden?: boolean): Blame;
}

/** `originOf` replaces file, line and column if the text is not a file. */
export function createCursor(file: string, text: string, originOf?: () => Origin): Cursor {
  let offset = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  let lineStart = offset;

  function advance(to: number): void {
    for (let next = text.indexOf('\n', offset); next !== -1 && next < to; next = text.indexOf('\n', next + 1)) {
      line += 1;
      lineStart = next + 1;
    }
    offset = to;
  }

  function origin(): Origin {
    return originOf?.() ?? { kind: 'file', file, line, column: offset - lineStart + 1 };
  }

  return {
    file,
    take(pattern) {
      pattern.lastIndex = offset;
      const found = pattern.exec(text);
      if (found === null) return undefined;
      advance(pattern.lastIndex);
      return found;
    },
    peek: (length = 1) => text.slice(offset, offset + length),
    origin,
    blame(hidden = false) {
      const here = origin();
      const [start, column] = [lineStart, offset - lineStart];
      return (fact) => {
        const end = text.indexOf('\n', start);
        const whole = text.slice(start, end === -1 ? undefined : end);
        return new ConfigError(fact, here, here.kind === 'file' ? excerpt(whole, column, hidden) : undefined);
      };
    },
  };
}

/** The line with a caret under the column; hides anything that may be a secret. */
function excerpt(line: string, column: number, hidden: boolean): string {
  const printable = line.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ').trimEnd();
  const secretStart = hidden ? valueStart(printable) : secretValueStart(printable);
  const shown =
    secretStart === undefined || secretStart >= printable.length
      ? redactText(printable).shown
      : `${redactText(printable.slice(0, secretStart)).shown}${MASK}`;
  const caret = Math.min(column, secretStart ?? column);
  // A long line is truncated around the position.
  const from = Math.max(0, caret - WIDTH + 20);
  return `  ${shown.slice(from, from + WIDTH)}\n  ${' '.repeat(caret - from)}^`;
}

function secretValueStart(line: string): number | undefined {
  for (const assignment of line.matchAll(/(?<![\w.-])([\w.-]+)"?\s*(?:\+=|[:=]|(?=\{))\s*/g)) {
    const names = (assignment[1] ?? '').split('.');
    if (names.some(isSecretKey)) return assignment.index + assignment[0].length;
  }
  return undefined;
}

function valueStart(line: string): number {
  const assignment = /^[^:=]*(?:\+=|[:=])\s*/.exec(line);
  return assignment === null ? line.length - line.trimStart().length : assignment[0].length;
}
