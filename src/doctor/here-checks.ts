// What doctor looks at once, whatever clusters there are: the configuration, the ClearML server, queues and templates.
import { failed, passed, checkFact, skipped, type Check, type Fact } from './result.ts';

export interface ConfigurationSeen {
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

export interface AddressSeen {
  readonly address: string;
  /** What somebody on the network between could do: one sentence each. */
  readonly risks: readonly string[];
}

export interface ServerSeen {
  readonly serverVersion: string;
  readonly apiVersion: string;
}

export interface QueueSeen {
  readonly name: string;
  readonly isThere: boolean;
  /** What may have been meant by the name of one that is not there. */
  readonly nearest: string | undefined;
}

export interface TemplateSeen {
  readonly file: string;
  /** Each with its place. */
  readonly errors: readonly string[];
}

export interface HereFacts {
  readonly configuration: Fact<ConfigurationSeen>;
  /** The API that answered. */
  readonly server: Fact<AddressSeen>;
  /** Whose the keys are. */
  readonly credentials: Fact<string>;
  readonly version: Fact<ServerSeen>;
  /** How far the server's clock is ahead of ours; undefined when the server does not tell. */
  readonly serverAheadMs: Fact<number | undefined>;
  readonly queues: Fact<readonly QueueSeen[]>;
  readonly templates: Fact<readonly TemplateSeen[]>;
}

/** Below it no task's time is off by more than a poll or two, and every token is good. */
const CLOCKS_APART_MS = 60_000;

export const HERE_CHECKS: readonly Check<HereFacts>[] = [
  {
    id: 'configuration',
    question: 'Is the configuration valid?',
    fix: 'Correct the named line; docs/configuration.md lists all settings',
    check: ({ configuration }) =>
      checkFact(configuration, ({ files, warnings }) => {
        const from = files.length === 0 ? 'no file, only variables and options' : files.join(', ');
        return passed([`read from ${from}`, ...warnings].join('; but: '));
      }),
  },
  {
    id: 'server',
    question: 'Does the ClearML server respond?',
    fix: 'Set api.api_server to the address of the API (http://host:8008, https://api.…), and check that this machine can reach it: proxy, firewall, certificate',
    check: ({ server }) =>
      checkFact(server, ({ address, risks }) => passed([`${address} responds`, ...risks].join('; but: '))),
  },
  {
    id: 'credentials',
    question: 'Does it accept the keys?',
    fix: "Create new credentials in ClearML's web page (Settings, Workspace), and add them to api.credentials in clearml.conf",
    check: ({ credentials }) =>
      checkFact(credentials, (user) => passed(user === '' ? 'accepted' : `accepted, as ${user}`)),
  },
  {
    id: 'server-version',
    question: 'Is the server version supported?',
    fix: 'Upgrade the ClearML server to 1.17 or later',
    check: ({ version }) =>
      checkFact(version, ({ serverVersion, apiVersion }) =>
        passed(`ClearML server ${serverVersion}, API ${apiVersion}`),
      ),
  },
  {
    id: 'server-clock',
    question: "Does the server's clock agree with this machine's?",
    fix: 'Synchronize the clocks of both machines with NTP (timedatectl shows the state)',
    check: ({ serverAheadMs }) =>
      checkFact(serverAheadMs, (ms) =>
        ms === undefined ? skipped('the server does not report its time') : checkClocks(ms),
      ),
  },
  {
    id: 'queues',
    question: 'Do the served queues exist?',
    fix: "Correct the name, or create the queue: in ClearML's web page, or with --create-queue",
    check: ({ queues }) =>
      checkFact(queues, (seen) => {
        if (seen.length === 0) return skipped('agent.slurm.queues names none');
        const missing = seen.filter(({ isThere }) => !isThere);
        return missing.length > 0
          ? failed(`no such queue: ${missing.map(nameWithHint).join(', ')}`)
          : passed(seen.map(({ name }) => name).join(', '));
      }),
  },
  {
    id: 'templates',
    question: 'Are the templates free of errors?',
    fix: 'Run clearml-agent-slurm lint FILE, which shows a fix for each error',
    check: ({ templates }) =>
      checkFact(templates, (seen) => {
        if (seen.length === 0) return skipped('no template is set: use --template-files, or let init write one');
        const errors = seen.flatMap((template) => template.errors);
        const [first] = errors;
        if (first === undefined) return passed(seen.map(({ file }) => file).join(', '));
        return failed(errors.length === 1 ? first : `${first} (and ${errors.length - 1} more)`);
      }),
  },
];

export function checkClocks(aheadMs: number): ReturnType<typeof passed> {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  return Math.abs(aheadMs) > CLOCKS_APART_MS ? failed(apart) : passed(seconds === 0 ? 'the same' : apart);
}

function nameWithHint({ name, nearest }: QueueSeen): string {
  return nearest === undefined ? `"${name}"` : `"${name}" (did you mean "${nearest}"?)`;
}
