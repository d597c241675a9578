// Puts a question to the person at the terminal, and waits for a line.
import { createInterface } from 'node:readline/promises';

/** @throws Error when there is no answer to be had: the input has ended, or the signal was aborted */
export async function askAtTerminal(
  question: string,
  { input, output, signal }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<string> {
  // Not as a terminal: then Ctrl-C is a signal as it is everywhere else.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(new Error('there was no answer'));
    });
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } finally {
    lines.close();
    // By our own closing it ends too, after the answer: nobody waits for that.
    ended.catch(() => undefined);
  }
}
