// A screen for what is looked at again and again: a terminal has one beside that with the shell's lines, which is given back as it was.
import { terminalText } from '../base/terminal-text.ts';
import { systemClock } from '../base/clock.ts';
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import { isFromAbort } from './interrupted.ts';
import type { CommandContext, TerminalSize } from './command.ts';

type Terminal = Pick<CommandContext, 'stdout' | 'control' | 'terminalSize' | 'onResize' | 'stop'>;

/**
 * Draws again and again until the process is stopped.
 * @param next returns what draws the screen
 */
export async function watch(
  context: CommandContext,
  intervalMs: number,
  next: () => Promise<(size: TerminalSize) => string>,
): Promise<void> {
  const screen = openScreen(context);
  try {
    do {
      screen.show(await next());
    } while (await sleepUnlessStopped(systemClock, intervalMs, context.stop));
  } catch (error) {
    if (!isFromAbort(context.stop, error)) throw error;
  } finally {
    screen.close();
  }
}

export interface WatchedScreen {
  /** @param draw called again when the terminal has another size */
  show(draw: (size: TerminalSize) => string): void;
  /** What was shown last stays behind, among the lines of the shell. */
  close(): void;
}

/** The other screen, without a cursor, where a line that is too long is cut. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Written over what is there, so that nothing flickers. */
const HOME = '\x1b[H';
const TO_LINE_END = '\x1b[K';
const TO_SCREEN_END = '\x1b[J';

/** It is there from the first look on. Where results do not go to a terminal, each is simply written. It is closed by the first signal too, whatever else is still done. */
export function openScreen({ stdout, control, terminalSize, onResize, stop }: Terminal): WatchedScreen {
  if (terminalSize === undefined || control === undefined)
    return { show: (draw) => stdout(draw({ columns: Infinity, rows: Infinity })), close: () => undefined };

  const sizeNow = terminalSize;
  const command = control;
  let last: ((size: TerminalSize) => string) | undefined;
  let isOpen = true;
  const unheard = onResize?.(draw);
  stop.addEventListener('abort', close);
  return {
    show(next) {
      if (last === undefined && isOpen) command(ENTER);
      last = next;
      draw();
    },
    close,
  };

  function draw(): void {
    if (!isOpen || last === undefined) return;
    const size = sizeNow();
    const lines = fitting(terminalText(last(size)).trimEnd().split('\n'), size.rows);
    // In one piece, so that nobody sees half of it.
    command(`${HOME}${lines.map((line) => `${line}${TO_LINE_END}\n`).join('')}${TO_SCREEN_END}`);
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    unheard?.();
    stop.removeEventListener('abort', close);
    if (last === undefined) return;
    command(LEAVE);
    stdout(last(sizeNow()));
  }
}

/** The last line of a screen stays empty: a newline there would move the rest up. */
function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length < rows) return lines;
  const shown = lines.slice(0, Math.max(1, rows - 2));
  return [...shown, `… and ${lines.length - shown.length} more lines: see them without --watch.`];
}
