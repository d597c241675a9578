// Puts a question to the person at the terminal, and waits for a line.
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../base/usage-error.ts';

/** @throws UsageError when the input has ended, as by Ctrl-D; an AbortError when the signal was aborted */
export async function askAtTerminal(
  question: string,
  { input, output, signal }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<string> {
  // Not as a terminal: then Ctrl-C is a signal as it is everywhere else.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(
        new UsageError(
          'There was no answer: give it as an option (--help names them), or let --yes take what is usual.',
        ),
      );
    });
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    output.write('\n');
    throw error;
  } finally {
    lines.close();
    // By our own closing it ends too, after the answer: nobody waits for that.
    ended.catch(() => undefined);
  }
}
