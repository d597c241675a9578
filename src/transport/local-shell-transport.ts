// This machine as a place where many commands run: started by a few small shells that are kept, else as any other program.
import { setMaxListeners } from 'node:events';
import { ConnectionLostError } from './errors.ts';
import type { Transport, Command, CommandResult } from './transport.ts';
import { NotDispatchedError, openLocalShell, type LocalShell } from './local-shell.ts';
import { createLocalTransport, LOCAL_NAME, type LocalTransportOptions } from './local.ts';

export interface LocalShellTransportOptions extends LocalTransportOptions {
  readonly temporaryFolder: string;
}

/** As many as Slurm's commands and looks at files are at once; what comes besides does not wait for a shell. */
const MOST_SHELLS = 8;

/** Far below what the kernel takes for all arguments together, 128 KiB for each of them: it refuses more by an exit code only. */
const MOST_ARGUMENT_BYTES = 100_000;

export function createLocalShellTransport(options: LocalShellTransportOptions): Transport {
  const direct = createLocalTransport(options);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<CommandResult>>();
  const idle: LocalShell[] = [];
  let lent = 0;

  function takeIdle(): LocalShell | undefined {
    for (let shell = idle.pop(); shell !== undefined; shell = idle.pop()) if (shell.isUsable()) return shell;
    return undefined;
  }

  async function runInShell(command: Command): Promise<CommandResult> {
    if (lent === MOST_SHELLS) return await direct.run(command);
    lent += 1;
    let shell: LocalShell | undefined;
    try {
      shell = takeIdle() ?? (await openLocalShell(options, options.temporaryFolder, direct));
      return await shell.run(command, [closing.signal, ...(command.signal === undefined ? [] : [command.signal])]);
    } catch (error) {
      if (!(error instanceof NotDispatchedError)) throw error;
      return await direct.run(command);
    } finally {
      lent -= 1;
      if (shell?.isUsable() === true) idle.push(shell);
    }
  }

  return {
    name: LOCAL_NAME,
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      if (!fitsShell(command, options.path)) return await direct.run(command);
      const ended = runInShell(command).finally(() => running.delete(ended));
      running.add(ended);
      return await ended;
    },
    async close() {
      closing.abort(new ConnectionLostError(`${LOCAL_NAME} was given up while a program ran on it`));
      await Promise.allSettled([...running, direct.close()]);
      await Promise.all(idle.splice(0).map((shell) => shell.close()));
    },
  };
}

function fitsShell({ program, args, env }: Command, path: string): boolean {
  // Where sh is bash, env(1) starts the program, and takes such a path for a variable.
  if (`${path}${program}`.includes('=')) return false;
  const words = [...args, ...Object.values(env ?? {})];
  const bytes = words.reduce((sum, word) => sum + Buffer.byteLength(word), 0);
  return bytes <= MOST_ARGUMENT_BYTES && !words.some((word) => word.includes('\0'));
}
