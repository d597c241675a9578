// What doctor looks at once, whatever clusters there are: the configuration, the ClearML server, queues and templates.
import { bad, good, judge, open, type Check, type Fact } from './result.ts';

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
    asks: 'Can the configuration be read, and does it say only what is known?',
    fix: 'Correct the line that is named; docs/configuration.md has every setting',
    judge: ({ configuration }) =>
      judge(configuration, ({ files, warnings }) => {
        const from = files.length === 0 ? 'no file, variables and options only' : files.join(', ');
        return good([`read from ${from}`, ...warnings].join('; but: '));
      }),
  },
  {
    id: 'server',
    asks: 'Does the ClearML server answer?',
    fix: 'Set api.api_server to the address of the API (http://host:8008, https://api.…), and see that this machine may reach it: proxy, firewall, certificate',
    judge: ({ server }) =>
      judge(server, ({ address, risks }) => good([`${address} answers`, ...risks].join('; but: '))),
  },
  {
    id: 'credentials',
    asks: 'Does it accept our keys?',
    fix: "Make a new pair on ClearML's web page (Settings, Workspace, Create new credentials), and write it into api.credentials of clearml.conf",
    judge: ({ credentials }) => judge(credentials, (user) => good(user === '' ? 'accepted' : `accepted, as ${user}`)),
  },
  {
    id: 'server-version',
    asks: 'Is the server new enough?',
    fix: 'Upgrade the ClearML server to 1.17 or later',
    judge: ({ version }) =>
      judge(version, ({ serverVersion, apiVersion }) => good(`ClearML server ${serverVersion}, API ${apiVersion}`)),
  },
  {
    id: 'server-clock',
    asks: "Does the server's clock agree with this machine's?",
    fix: 'Let both machines set their clocks by NTP (timedatectl shows whether one does)',
    judge: ({ serverAheadMs }) =>
      judge(serverAheadMs, (ms) => (ms === undefined ? open('the server does not tell its time') : judgeClocks(ms))),
  },
  {
    id: 'queues',
    asks: 'Are the queues there that are to be served?',
    fix: "Correct the name, or make the queue: on ClearML's web page, or by starting with --create-queue",
    judge: ({ queues }) =>
      judge(queues, (seen) => {
        if (seen.length === 0) return open('agent.slurm.queues names none');
        const missing = seen.filter(({ isThere }) => !isThere);
        return missing.length > 0
          ? bad(`there is no queue ${missing.map(nameWithHint).join(', ')}`)
          : good(seen.map(({ name }) => name).join(', '));
      }),
  },
  {
    id: 'templates',
    asks: 'Are the templates free of faults?',
    fix: 'Run clearml-agent-slurm lint FILE, which tells of each fault what to write instead',
    judge: ({ templates }) =>
      judge(templates, (seen) => {
        if (seen.length === 0) return open('none is named: give one with --template-files, or let init write one');
        const errors = seen.flatMap((template) => template.errors);
        const [first] = errors;
        if (first === undefined) return good(seen.map(({ file }) => file).join(', '));
        return bad(errors.length === 1 ? first : `${first} (and ${errors.length - 1} more)`);
      }),
  },
];

export function judgeClocks(aheadMs: number): ReturnType<typeof good> {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  return Math.abs(aheadMs) > CLOCKS_APART_MS ? bad(apart) : good(seconds === 0 ? 'the same' : apart);
}

function nameWithHint({ name, nearest }: QueueSeen): string {
  return nearest === undefined ? `"${name}"` : `"${name}" (did you mean "${nearest}"?)`;
}
