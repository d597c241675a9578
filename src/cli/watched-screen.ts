// Redraws a screen repeatedly, in the alternate screen of the terminal.
import { terminalText } from '../base/terminal-text.ts';
import { anyOf } from '../base/abort-with.ts';
import { systemClock, sleepUnlessStopped } from '../base/clock.ts';
import { isFromAbort } from './interrupted.ts';
import type { CommandContext, TerminalSize } from './command.ts';

type Terminal = Pick<CommandContext, 'stdout' | 'control' | 'terminalSize' | 'onResize' | 'stop' | 'stdoutClosed'>;

/**
 * Redraws until the process is stopped, or no process reads the screens.
 * @param next collects the data, and returns the function that draws it
 */
export async function watch(
  context: Terminal,
  intervalMs: number,
  next: () => Promise<(size: TerminalSize) => string>,
): Promise<void> {
  const screen = openScreen(context);
  const stop = anyOf(context.stop, context.stdoutClosed);
  try {
    do {
      screen.show(await next());
    } while (await sleepUnlessStopped(systemClock, intervalMs, stop));
  } catch (error) {
    if (!isFromAbort(context.stop, error)) throw error;
  } finally {
    screen.close();
  }
}

export interface WatchedScreen {
  /** @param draw also called when the terminal is resized */
  show(draw: (size: TerminalSize) => string): void;
  /** Prints the last screen to the main screen. */
  close(): void;
}

/** Alternate screen, no cursor, no line wrap. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Overwriting does not flicker. */
const HOME = '\x1b[H';
const TO_LINE_END = '\x1b[K';
const TO_SCREEN_END = '\x1b[J';

/** Entered with the first screen, and left on the first signal. Without a terminal, each screen is printed. */
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
    // One write, so that no partial screen is visible.
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

/** The last line stays empty: a newline there would scroll. */
function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length < rows) return lines;
  const shown = lines.slice(0, Math.max(1, rows - 2));
  return [...shown, `… and ${lines.length - shown.length} more lines (run without --watch to see them).`];
}
