// A stock clearml-agent in services mode, as it runs controllers on a login node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { agentPython } from '../support/skip-unless.ts';
import { failWaitsOn } from '../support/wait-until.ts';

export interface StockAgent {
  /** Ends it with the tasks that it runs. */
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** While it runs, every wait fails if it ends by itself. */
export function startStockAgent(queue: string, { folder, environment }: Place): StockAgent {
  const words = ['daemon', '--services-mode', '--queue', queue, '--foreground'];
  const child = spawn(join(dirname(agentPython()), 'clearml-agent'), words, {
    cwd: folder,
    // Its temporary files contain keys, and its list of the agents of this machine is in a temporary file.
    env: { ...environment, TMPDIR: folder, CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  const end = (): number | NodeJS.Signals | null => child.exitCode ?? child.signalCode;
  const remove = failWaitsOn(() =>
    end() === null ? undefined : `clearml-agent ended by ${String(end())}:\n${output}`,
  );
  return {
    async stop() {
      remove();
      child.kill('SIGTERM');
      await closed;
    },
  };
}
