// Reads the credentials for a login: keys from files, the ssh agent, a password; and explains those that cannot be used.
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { distrustOf } from '../../base/path-trust-rule.ts';
import { inspectSocket } from '../../base/trusted-socket.ts';
import type { AnyAuthMethod, utils } from 'ssh2';
import type { Transport } from '../transport.ts';
import type { PasswordSource, SshTarget } from '../ssh-target.ts';
import { messageOf } from '../../base/error-message.ts';

export interface Credentials {
  /** In the order of use. */
  readonly offers: readonly Offer[];
  /** Messages: credentials that cannot be used, and why. */
  readonly unusable: readonly string[];
}

export interface Offer {
  /** Identifies the offer in messages: `the key /home/ann/.ssh/id_ed25519`. */
  readonly label: string;
  /** Method of RFC 4252. */
  readonly method: 'publickey' | 'password' | 'keyboard-interactive';
  readonly auth: AnyAuthMethod;
}

export interface CredentialsDeps {
  readonly parseKey: typeof utils.parseKey;
  /** Runs the command that prints a password. */
  readonly here: Transport;
}

/** Keys first, then the agent, then the password. Missing key files are ignored. Never rejects. */
export async function readCredentials(target: SshTarget, deps: CredentialsDeps): Promise<Credentials> {
  const offers: Offer[] = [];
  const unusable: string[] = [];
  for (const file of target.identityFiles) {
    const key = await readKey(file, deps);
    if (key === undefined) continue;
    if ('problem' in key) unusable.push(key.problem);
    else
      offers.push({
        label: `the key ${file}`,
        method: 'publickey',
        auth: { type: 'publickey', username: target.user, key: key.text },
      });
  }
  const foreign = target.agentSocket === undefined ? undefined : inspectSocket(resolve(target.agentSocket)).why;
  if (foreign !== undefined) {
    unusable.push(`the ssh-agent at ${target.agentSocket} is refused because another user may own it: ${foreign}`);
  } else if (target.agentSocket !== undefined) {
    offers.push({
      label: `the keys of the ssh-agent at ${target.agentSocket}`,
      method: 'publickey',
      auth: { type: 'agent', username: target.user, agent: target.agentSocket },
    });
  }
  if (target.passwordFrom !== undefined) {
    const found = await readPassword(target.passwordFrom, deps.here);
    if ('problem' in found) unusable.push(found.problem);
    else offers.push(...passwordOffers(target.user, found.password));
  }
  return { offers, unusable };
}

async function readKey(
  file: string,
  { parseKey }: CredentialsDeps,
): Promise<{ readonly text: Buffer } | { readonly problem: string } | undefined> {
  let text: Buffer;
  try {
    const why = distrustOf(file);
    if (why !== undefined) return { problem: `the key ${file} is refused because other users can change it: ${why}` };
    text = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : { problem: `the key ${file} cannot be read (${code ?? String(error)})` };
  }
  const key = parseKey(text);
  if (!(key instanceof Error)) return { text };
  if (key.message.includes('no passphrase'))
    return { problem: `the key ${file} is encrypted: start ssh-agent and run ssh-add ${file}` };
  return { problem: `the key ${file} is of a type that only "provider: openssh" can use (${key.message})` };
}

async function readPassword(
  source: PasswordSource,
  here: Transport,
): Promise<{ readonly password: string } | { readonly problem: string }> {
  try {
    const password =
      'file' in source ? await readSecretFile(source.file) : await runPasswordCommand(source.command, here);
    return password === '' ? { problem: 'the password is empty' } : { password };
  } catch (error) {
    return { problem: `the password is not available: ${messageOf(error)}` };
  }
}

async function readSecretFile(file: string): Promise<string> {
  const why = distrustOf(file);
  if (why !== undefined) throw new Error(`other users can change the file: ${why}`);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new Error(`other users can read ${file}: run chmod 600 ${file}`);
  return firstLine(await readFile(file, 'utf8'));
}

const PASSWORD_TIMEOUT_MS = 30_000;

async function runPasswordCommand([program = '', ...args]: readonly string[], here: Transport): Promise<string> {
  const { exitCode, stdout } = await here.run({ program, args, timeoutMs: PASSWORD_TIMEOUT_MS });
  // Its output may contain a secret: report only the exit code.
  if (exitCode !== 0) throw new Error(`${program} ended with exit code ${String(exitCode)}`);
  return firstLine(stdout);
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** Many servers take passwords only by keyboard-interactive (PAM). With the same label both count as one offer. */
function passwordOffers(username: string, password: string): Offer[] {
  return [
    { label: 'the password', method: 'password', auth: { type: 'password', username, password } },
    {
      label: 'the password',
      method: 'keyboard-interactive',
      auth: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          const [only, ...others] = prompts;
          // Any other prompt is for a second factor.
          const isPasswordPrompt = others.length === 0 && only?.echo === false && /password/i.test(only.prompt);
          finish(isPasswordPrompt ? [password] : []);
        },
      },
    },
  ];
}
