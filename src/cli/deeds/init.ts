// Looks at a cluster and writes a first template, settings and a unit for it, never over what is there.
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { quoteWord } from '../../base/shell-word.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { askPerson } from '../init/ask-person.ts';
import { choose, type Choices, type TypedChoices } from '../init/choices.ts';
import { daemonJob } from '../init/daemon-job.ts';
import { lookAtSite } from '../init/look-at-site.ts';
import type { Site } from '../init/site.ts';
import { startingSettings } from '../init/starting-settings.ts';
import { startingTemplate } from '../init/starting-template.ts';
import { makeHost } from '../make-host.ts';
import { withLog, type Base } from '../read-base.ts';
import { readConfig } from '../read-config.ts';
import { refuseInternalQueue } from '../serve-queues.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UNIT_FILE_NAMES, UNIT_FILES } from '../unit-files.ts';
import { unitSite } from '../unit-site.ts';
import { UsageProblem } from '../usage-problem.ts';

const TEMPLATE = 'slurm.template';
const SETTINGS = 'clearml-slurm.conf';

/** @throws ConfigError, UsageProblem; SlurmUnavailableError when the cluster does not tell what it has */
export async function init(typed: Typed, around: Surroundings): Promise<number> {
  const base = withLog(typed, { config: readConfig(typed, around), around });
  try {
    const [cluster, another] = base.config.settings.clusters;
    if (cluster === undefined || another !== undefined)
      throw new UsageProblem('init looks at one cluster: say which with --cluster.');
    const folder = resolve(around.workingDir, textOption(typed, 'folder') ?? '.');
    // Before anybody is asked anything.
    await throwIfAnyIsThere([TEMPLATE, SETTINGS, ...Object.values(UNIT_FILE_NAMES)].map((name) => join(folder, name)));

    const queue = textOption(typed, 'queue');
    if (queue !== undefined) refuseInternalQueue(queue, base.config.settings);
    const site = await lookAtSite(base, cluster);
    const put = switchOption(typed, 'yes') === true ? undefined : around.ask;
    const choices = await choose(site, typedChoices(typed), askPerson(put));
    if (choices.sharedDir.value !== undefined) await makeSharedFolder(base, cluster, choices.sharedDir.value);
    await writeAll(filesFor({ typed, base, cluster, folder, site, choices }));

    around.stdout(''.concat(...paths(folder, site).map((path) => `${path}\n`)));
    if (site.server.kind === 'trouble') around.stderr(`The ClearML server was not asked. ${site.server.why}.\n`);
    around.stderr(
      'Read them: each choice says where it came from. Then have this and later commands use them, check, and start:\n' +
        `  export CLEARML_CONFIG_FILE=${quoteWord(join(folder, SETTINGS))}\n` +
        '  clearml-agent-slurm doctor --on-node\n' +
        '  clearml-agent-slurm\n' +
        'The first line belongs into your login profile; --config-file FILE does the same for one command.\n',
    );
    return EXIT.ok;
  } finally {
    await base.closeLog();
  }
}

function typedChoices(typed: Typed): TypedChoices {
  return {
    queue: textOption(typed, 'queue'),
    partition: textOption(typed, 'partition'),
    account: textOption(typed, 'account'),
    containers: textOption(typed, 'containers'),
    'shared-dir': textOption(typed, 'shared-dir'),
  };
}

function paths(folder: string, { keeper }: Site): string[] {
  return [TEMPLATE, SETTINGS, UNIT_FILE_NAMES[keeper.kind]].map((name) => join(folder, name));
}

interface Writing {
  readonly typed: Typed;
  readonly base: Base;
  readonly cluster: ClusterSettings;
  readonly folder: string;
  readonly site: Site;
  readonly choices: Choices;
}

function filesFor({ typed, base, cluster, folder, site, choices }: Writing): { path: string; text: string }[] {
  const { around, config } = base;
  const { kind } = site.keeper;
  const [template = '', settings = '', unit = ''] = paths(folder, site);
  // What was typed in front of `init` is Node and the program.
  const program = around.startedAs.slice(0, around.startedAs.indexOf('init', 1));
  const command = [...program, '--config-file', settings];
  return [
    { path: template, text: startingTemplate(site, choices) },
    {
      path: settings,
      text: startingSettings(site, choices, {
        templateFile: TEMPLATE,
        unitFile: UNIT_FILE_NAMES[kind],
        // As seen from the written file, which stands in another folder.
        included: {
          path: resolve(config.files[0] ?? join(around.homeDir, 'clearml.conf')),
          isThere: config.files[0] !== undefined,
        },
        cluster: cluster.name === undefined ? undefined : { name: cluster.name, ssh: textOption(typed, 'ssh') },
      }),
    },
    {
      path: unit,
      text: UNIT_FILES[kind]({
        ...unitSite(command, { ...around, workingDir: folder }, [cluster]),
        job: daemonJob(site, choices),
      }),
    },
  ];
}

async function throwIfAnyIsThere(files: readonly string[]): Promise<void> {
  for (const path of files) {
    const isThere = await access(path, constants.F_OK).then(
      () => true,
      () => false,
    );
    if (isThere) throw isInTheWay(path);
  }
}

function isInTheWay(path: string): UsageProblem {
  return new UsageProblem(
    `${path} is there already, and was left as it is. Move it away, or name another folder: init FOLDER.`,
  );
}

async function writeAll(files: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text, { flag: 'wx' }).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? isInTheWay(path) : error;
    });
  }
}

/** For the user alone, as it will hold an installed agent that jobs run. */
async function makeSharedFolder(base: Base, cluster: ClusterSettings, path: string): Promise<void> {
  const host = await makeHost(cluster, base.around);
  try {
    const args = ['-p', '-m', '700', path];
    const { exitCode, stderr } = await host.run({ program: 'mkdir', args, timeoutMs: 30_000 });
    if (exitCode !== 0)
      throw new SlurmUnavailableError(
        `The folder ${path} can't be made on ${host.name}: ${stderr.trim()}. Name another one.`,
      );
  } finally {
    await host.close();
  }
}
