// What to do first: printed when the program is started without arguments and without a configured template.
import { PROGRAM } from './option-spelling.ts';

export interface FirstRunFacts {
  /** The configuration file; undefined if there is none. */
  readonly configFile: string | undefined;
  readonly apiServer: string | undefined;
  readonly hasKeys: boolean;
  /** The path of `sbatch` on this machine; undefined if PATH has none. */
  readonly sbatch: string | undefined;
}

/** States what was found, and the next command. */
export function firstRunText({ configFile, apiServer, hasKeys, sbatch }: FirstRunFacts): string {
  const file = configFile ?? '~/clearml.conf';
  const isServerSet = apiServer !== undefined && hasKeys;
  const found = [
    `ClearML server  ${isServerSet ? `${apiServer} (${file})` : whatServerLacks({ configFile, apiServer })}`,
    `Slurm           ${sbatch ?? 'no sbatch on PATH here: log in to the cluster, or name a login node with --ssh'}`,
    'Template        none configured',
  ];
  const next = isServerSet
    ? [
        `${PROGRAM} init site${sbatch === undefined ? ' --ssh HOST' : ''}`,
        'write a template and settings for your cluster',
      ]
    : [`${PROGRAM} demo`, 'run three example tasks with a temporary ClearML server'];
  const own = isServerSet
    ? []
    : [
        `Then put your server's address and a key into ${file} (web page: Settings, Workspace, Create new credentials),`,
        `and run ${PROGRAM} init site.`,
      ];
  return [...found, '', `Next: ${next[0]}    (${next[1]})`, ...own, `All commands: ${PROGRAM} --help`, ''].join('\n');
}

function whatServerLacks({ configFile, apiServer }: Pick<FirstRunFacts, 'configFile' | 'apiServer'>): string {
  if (configFile === undefined) return 'not configured: there is no ~/clearml.conf';
  return apiServer === undefined
    ? `not configured in ${configFile}`
    : `${apiServer}, but ${configFile} has no key for it`;
}
