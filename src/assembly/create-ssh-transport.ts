// Creates the transport to a login node, with the SSH configuration of the user.
import { join } from 'node:path';
import { findNameDistrust, inspectPath, ownTrust } from '../base/path-trust-rule.ts';
import type { SshSettings } from '../config/cluster-settings.ts';
import { CommandNotFoundError } from '../transport/errors.ts';
import { createHostKeyCheck } from '../transport/host-keys/check-host-key.ts';
import type { Transport } from '../transport/transport.ts';
import type { RemoteContext } from '../transport/remote-script.ts';
import { findHops, findUnchecked } from '../transport/openssh/openssh-hops.ts';
import { opensshOptions, parseSshConfig } from '../transport/openssh/parse-ssh-config.ts';
import { findSshTarget, SshConfigError, unreadableSshConfig } from '../transport/ssh2/find-ssh2-target.ts';
import type { SshTarget } from '../transport/ssh-target.ts';
import { unsupportedMessage } from '../transport/ssh2/unsupported-ssh-options.ts';
import type { ProcessContext } from './process-context.ts';

export interface SshTransportDeps {
  readonly ssh: SshSettings;
  readonly stateDir: string;
  readonly remoteContext: RemoteContext;
  /** This machine, where `ssh` runs. */
  readonly here: Transport;
  readonly context: ProcessContext;
  readonly localUser: string;
}

/** Does not log in yet. @throws SshConfigError */
export async function createSshTransport(deps: SshTransportDeps): Promise<Transport> {
  refuseOthersConfig(join(deps.context.homeDir, '.ssh', 'config'));
  return deps.ssh.provider === 'ssh2' ? makeBySsh2(deps) : makeByOpenssh(deps);
}

/** The file may contain commands. ssh itself checks only the file, not its parent directories (ssh_config(5), FILES). */
function refuseOthersConfig(file: string): void {
  const why = findNameDistrust(inspectPath(file), ownTrust());
  if (why === undefined) return;
  throw new SshConfigError(`${file} is refused because other users can change it: ${why}. Run chmod go-w on it.`);
}

async function makeBySsh2({ ssh, remoteContext, here, context, localUser }: SshTransportDeps): Promise<Transport> {
  const { homeDir, environment } = context;
  const askSsh = (args: readonly string[]): Promise<string | undefined> => askConfig(here, args);
  const target = await findSshTarget(ssh, { askSsh, homeDir, localUser, environment });
  const { createSsh2Transport } = await import('../transport/ssh2/ssh2-transport.ts');
  const host = createSsh2Transport({
    target,
    context: remoteContext,
    here,
    hostKeysOf: createHostKeyCheck,
    maxChannels: ssh.channels,
  });
  return { ...host, notices: noticesOf(target) };
}

function noticesOf(target: SshTarget): string[] {
  return [...target.jumps, target].flatMap(({ name, unsupported }) =>
    unsupported === undefined ? [] : [unsupportedMessage(name, unsupported)],
  );
}

/**
 * Uses the open connection of the user if ~/.ssh/config has a ControlPath, because a new login may require a second factor.
 * Otherwise opens a connection that never prompts.
 */
async function makeByOpenssh({ ssh, stateDir, remoteContext, here }: SshTransportDeps): Promise<Transport> {
  const given = opensshOptions(ssh);
  const shown = (await askConfig(here, [...given, '--', ssh.host])) ?? '';
  const config = parseSshConfig(shown);
  const hops = await findHops(ssh.host, shown, async (args) => (await askConfig(here, args)) ?? '');
  const unchecked = findUnchecked({ name: ssh.host, config, hops }, ssh.hostKeys === 'strict');
  if (unchecked !== undefined) throw new SshConfigError(unchecked);
  const isNew = ssh.hostKeys === 'accept-new' || (ssh.hostKeys === undefined && config.acceptsNewKeys);
  const checked = [`StrictHostKeyChecking=${isNew ? 'accept-new' : 'yes'}`, 'NoHostAuthenticationForLocalhost=no'];
  const options = [...given, ...checked.flatMap((option) => ['-o', option])];
  const { createOpensshTransport } = await import('../transport/openssh/openssh-transport.ts');
  return createOpensshTransport({
    destination: { host: ssh.host, options },
    context: remoteContext,
    here,
    ...(config.hasControlPath ? {} : { ownLogin: { controlPath: join(stateDir, 'ssh.sock') } }),
    maxSessions: ssh.channels,
  });
}

/** A `Match exec` of the user may take a while. */
const ASK_TIMEOUT_MS = 20_000;

/** The output of `ssh -G`; undefined if ssh is not installed. @throws SshConfigError if ssh cannot read its configuration */
async function askConfig(here: Transport, args: readonly string[]): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await here.run({
      program: 'ssh',
      args: ['-G', ...args],
      timeoutMs: ASK_TIMEOUT_MS,
    });
    if (exitCode === 0) return stdout;
    throw unreadableSshConfig(args.at(-1) ?? '', stderr);
  } catch (error) {
    if (error instanceof CommandNotFoundError) return undefined;
    throw error;
  }
}
