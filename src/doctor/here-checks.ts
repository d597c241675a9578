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
    question: 'Can the configuration be read, and does it say only what is known?',
    fix: 'Correct the line that is named; docs/configuration.md has every setting',
    check: ({ configuration }) =>
      checkFact(configuration, ({ files, warnings }) => {
        const from = files.length === 0 ? 'no file, variables and options only' : files.join(', ');
        return passed([`read from ${from}`, ...warnings].join('; but: '));
      }),
  },
  {
    id: 'server',
    question: 'Does the ClearML server answer?',
    fix: 'Set api.api_server to the address of the API (http://host:8008, https://api.…), and see that this machine may reach it: proxy, firewall, certificate',
    check: ({ server }) =>
      checkFact(server, ({ address, risks }) => passed([`${address} answers`, ...risks].join('; but: '))),
  },
  {
    id: 'credentials',
    question: 'Does it accept our keys?',
    fix: "Make a new pair on ClearML's web page (Settings, Workspace, Create new credentials), and write it into api.credentials of clearml.conf",
    check: ({ credentials }) =>
      checkFact(credentials, (user) => passed(user === '' ? 'accepted' : `accepted, as ${user}`)),
  },
  {
    id: 'server-version',
    question: 'Is the server new enough?',
    fix: 'Upgrade the ClearML server to 1.17 or later',
    check: ({ version }) =>
      checkFact(version, ({ serverVersion, apiVersion }) =>
        passed(`ClearML server ${serverVersion}, API ${apiVersion}`),
      ),
  },
  {
    id: 'server-clock',
    question: "Does the server's clock agree with this machine's?",
    fix: 'Let both machines set their clocks by NTP (timedatectl shows whether one does)',
    check: ({ serverAheadMs }) =>
      checkFact(serverAheadMs, (ms) =>
        ms === undefined ? skipped('the server does not tell its time') : checkClocks(ms),
      ),
  },
  {
    id: 'queues',
    question: 'Are the queues there that are to be served?',
    fix: "Correct the name, or make the queue: on ClearML's web page, or by starting with --create-queue",
    check: ({ queues }) =>
      checkFact(queues, (seen) => {
        if (seen.length === 0) return skipped('agent.slurm.queues names none');
        const missing = seen.filter(({ isThere }) => !isThere);
        return missing.length > 0
          ? failed(`there is no queue ${missing.map(nameWithHint).join(', ')}`)
          : passed(seen.map(({ name }) => name).join(', '));
      }),
  },
  {
    id: 'templates',
    question: 'Are the templates free of faults?',
    fix: 'Run clearml-agent-slurm lint FILE, which tells of each fault what to write instead',
    check: ({ templates }) =>
      checkFact(templates, (seen) => {
        if (seen.length === 0) return skipped('none is named: give one with --template-files, or let init write one');
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
