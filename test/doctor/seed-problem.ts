// Puts problems into settings, files and the connection to the server, for the tests of doctor.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, startScriptedServer, type ScriptedServer } from '../clearml/scripted-server.ts';
import type { CliWithSandbox } from '../cli/cli-with-sandbox.ts';

export interface DoctorProblem {
  readonly check: string;
  /** For the page of detected problems. */
  readonly what: string;
  readonly says: RegExp;
}

/** The difference to a working configuration. */
export interface Seeded {
  /** Additional lines of clearml.conf, which take precedence. */
  readonly conf?: string;
  /** Instead of the daemon's default options. */
  readonly args?: readonly string[];
  /** Ends what was started for the problem. */
  readonly end?: () => Promise<void>;
}

/** A problem in the settings, the files or the connection to the server. */
export interface SetupProblem extends DoctorProblem {
  readonly seed: (cli: CliWithSandbox) => Seeded | Promise<Seeded>;
}

export function setting(line: string): () => Seeded {
  return () => ({ conf: `agent.slurm { ${line} }` });
}

export async function scripted(
  change: (server: ScriptedServer) => void,
  tls?: { cert: string; key: string },
): Promise<Seeded> {
  const server = await startScriptedServer(tls);
  server.script('queues.get_all', data({ queues: [{ id: 'a'.repeat(32), name: 'default', entries: [] }] }));
  server.script('users.get_by_id', data({ user: { id: 'u1', name: 'Ada' } }));
  change(server);
  return { conf: `api.api_server: "${server.url}"`, end: () => server.close() };
}

/** A directory of programs that take precedence over the real ones. */
export async function programs(cli: CliWithSandbox, scripts: Readonly<Record<string, string>>): Promise<Seeded> {
  const folder = join(cli.folder, 'bin');
  await mkdir(folder);
  for (const [name, script] of Object.entries(scripts))
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { conf: `agent.slurm.slurm_bin_dir: "${folder}"` };
}

/** A directory that every user can reach and write to. */
export async function openFolder(cli: CliWithSandbox): Promise<string> {
  const folder = join(cli.folder, 'open');
  await chmod(cli.folder, 0o755);
  await mkdir(folder);
  await chmod(folder, 0o777);
  return folder;
}

export async function template(cli: CliWithSandbox, text: string): Promise<Seeded> {
  await cli.write('a.template', text);
  return {};
}
