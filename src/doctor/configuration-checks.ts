// The checks of the configuration, the ClearML server, the queues and the templates.
import { failed, passed, checkFact, skipped, type Check, type Fact } from './check-result.ts';

export interface ConfigurationSeen {
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

export interface AddressSeen {
  readonly address: string;
  /** What an attacker on the network could do: one sentence each. */
  readonly risks: readonly string[];
}

export interface ServerSeen {
  readonly serverVersion: string;
  readonly apiVersion: string;
}

export interface QueueSeen {
  readonly name: string;
  readonly isThere: boolean;
  /** A similar name, if the queue does not exist. */
  readonly nearest: string | undefined;
}

export interface TemplateSeen {
  readonly file: string;
  /** Each with file and line. */
  readonly errors: readonly string[];
}

export interface HereFacts {
  readonly configuration: Fact<ConfigurationSeen>;
  /** The API that responded. */
  readonly server: Fact<AddressSeen>;
  /** The user of the keys. */
  readonly credentials: Fact<string>;
  readonly version: Fact<ServerSeen>;
  /** How far the server's clock is ahead of ours; undefined if its responses have no date. */
  readonly serverAheadMs: Fact<number | undefined>;
  readonly queues: Fact<readonly QueueSeen[]>;
  readonly templates: Fact<readonly TemplateSeen[]>;
}

/** Below this, times of tasks are off by one or two polls at most, and every token is valid. */
const CLOCKS_APART_MS = 60_000;

export const HERE_CHECKS: readonly Check<HereFacts>[] = [
  {
    id: 'configuration',
    question: 'Is the configuration valid?',
    fix: 'Correct the configuration at the line that the message names; docs/configuration.md lists every setting',
    check: ({ configuration }) =>
      checkFact(configuration, ({ files, warnings }) => {
        const from = files.length === 0 ? 'variables and options only (no file)' : files.join(', ');
        return passed([`read from ${from}`, ...warnings].join('; but: '));
      }),
  },
  {
    id: 'server',
    question: 'Does the ClearML server respond?',
    fix: 'Set api.api_server to the address of the API (http://host:8008, https://api.…), and check the proxy, firewall and certificate',
    check: ({ server }) =>
      checkFact(server, ({ address, risks }) => passed([`${address} responds`, ...risks].join('; but: '))),
  },
  {
    id: 'credentials',
    question: 'Does the server accept the credentials?',
    fix: 'Create new credentials in the ClearML web page (Settings, Workspace), and copy them to api.credentials in clearml.conf',
    check: ({ credentials }) =>
      checkFact(credentials, (user) => passed(user === '' ? 'accepted' : `accepted for user ${user}`)),
  },
  {
    id: 'server-version',
    question: 'Is the version of the server supported?',
    fix: 'Upgrade the ClearML server to 1.17 or later',
    check: ({ version }) =>
      checkFact(version, ({ serverVersion, apiVersion }) =>
        passed(`ClearML server ${serverVersion}, API ${apiVersion}`),
      ),
  },
  {
    id: 'server-clock',
    question: 'Does the clock of the server match the clock of this machine?',
    fix: 'Synchronize both clocks with NTP (timedatectl shows the state)',
    check: ({ serverAheadMs }) =>
      checkFact(serverAheadMs, (ms) =>
        ms === undefined ? skipped('the token of the server has no time of issue') : checkClocks(ms),
      ),
  },
  {
    id: 'queues',
    question: 'Do the queues exist?',
    fix: 'Correct the name, or create the queue in the web page or with --create-queue',
    check: ({ queues }) =>
      checkFact(queues, (seen) => {
        if (seen.length === 0) return skipped('agent.slurm.queues is empty');
        const missing = seen.filter(({ isThere }) => !isThere);
        return missing.length > 0
          ? failed(`not found: queue ${missing.map(nameWithHint).join(', ')}`)
          : passed(seen.map(({ name }) => name).join(', '));
      }),
  },
  {
    id: 'templates',
    question: 'Are the templates free of errors?',
    fix: 'Run clearml-agent-slurm lint FILE, which explains how to fix each error',
    check: ({ templates }) =>
      checkFact(templates, (seen) => {
        if (seen.length === 0) return skipped('no template: use --template-files FILE, or run init');
        const errors = seen.flatMap((template) => template.errors);
        const [first] = errors;
        if (first === undefined) return passed(seen.map(({ file }) => file).join(', '));
        return failed(
          errors.length === 1
            ? first
            : `${first} (and ${errors.length - 1} more ${errors.length === 2 ? 'error' : 'errors'})`,
        );
      }),
  },
];

export function checkClocks(aheadMs: number): ReturnType<typeof passed> {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine`;
  return Math.abs(aheadMs) > CLOCKS_APART_MS ? failed(apart) : passed(seconds === 0 ? 'same time' : apart);
}

function nameWithHint({ name, nearest }: QueueSeen): string {
  return nearest === undefined ? `"${name}"` : `"${name}" (did you mean "${nearest}"?)`;
}
