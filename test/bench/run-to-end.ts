// Runs a program to its end and returns its output; fails with the output on a nonzero exit code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stdin?: string;
}

/** @throws when it ends with anything but 0 */
export async function runToEnd(
  program: string,
  args: readonly string[],
  { env = process.env, cwd, stdin = '' }: RunOptions = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const child = spawn(program, args, { env, cwd });
  // A program that ends without reading stdin is not an error: the exit code decides.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (child.exitCode === 0) return { stdout, stderr };
  const end = child.exitCode ?? child.signalCode ?? 'nothing';
  throw new Error(`${program} ${args.join(' ')} ended with ${end}:\n${stderr}${stdout}`);
}
