// Asks the user at the terminal a question.
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../base/usage-error.ts';

/** @throws UsageError if the input ends, as by Ctrl-D; an AbortError if the signal is aborted */
export async function askAtTerminal(
  question: string,
  { input, output, signal }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<string> {
  // In terminal mode readline would handle Ctrl-C itself.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(new UsageError('There was no answer. Use an option instead (see --help), or --yes for the defaults.'));
    });
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    output.write('\n');
    throw error;
  } finally {
    lines.close();
    // Closing rejects `ended` after the answer too.
    ended.catch(() => undefined);
  }
}
