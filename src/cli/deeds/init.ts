// Looks at a cluster and writes a first template, settings and a unit for it, never over what is there.
import { commonOptions } from '../setting-options.ts';
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { quoteWord } from '../../base/shell-word.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { askUser } from '../../init/ask-person.ts';
import { choose, type Choices, type TypedChoices } from '../../init/choices.ts';
import { daemonJob } from '../../init/daemon-job.ts';
import { probeSite } from '../../init/probe-site.ts';
import type { Site } from '../../init/site.ts';
import { startingSettings } from '../../init/starting-settings.ts';
import { startingTemplate } from '../../init/starting-template.ts';
import { createTransport } from '../../assembly/create-transport.ts';
import { createAppWith, type App } from '../../assembly/app.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { refuseInternalQueue } from '../../assembly/read-queues.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UNIT_FILE_NAMES, UNIT_FILES, unitSite } from '../../init/unit-files.ts';
import { UsageError } from '../../base/usage-error.ts';

const TEMPLATE = 'slurm.template';
const SETTINGS = 'clearml-slurm.conf';

/** @throws ConfigError, UsageError; SlurmUnavailableError when the cluster does not tell what it has */
export async function init(typed: Typed, context: CommandContext): Promise<number> {
  const app = createAppWith(commonOptions(typed), { config: readConfig(commonOptions(typed), context), context });
  try {
    const [cluster, another] = app.config.settings.clusters;
    if (cluster === undefined || another !== undefined)
      throw new UsageError('init looks at one cluster: say which with --cluster.');
    const folder = resolve(context.workingDir, textOption(typed, 'folder') ?? '.');
    // Before anybody is asked anything.
    await throwIfAnyIsThere([TEMPLATE, SETTINGS, ...Object.values(UNIT_FILE_NAMES)].map((name) => join(folder, name)));

    const queue = textOption(typed, 'queue');
    if (queue !== undefined) refuseInternalQueue(queue, app.config.settings);
    const site = await probeSite(app, cluster);
    const put = switchOption(typed, 'yes') === true ? undefined : context.ask;
    const choices = await choose(site, typedChoices(typed), askUser(put));
    if (choices.sharedDir.value !== undefined) await makeSharedFolder(app, cluster, choices.sharedDir.value);
    await writeAll(filesFor({ typed, app, cluster, folder, site, choices }));

    context.stdout(''.concat(...paths(folder, site).map((path) => `${path}\n`)));
    if (site.server.kind === 'trouble') context.stderr(`The ClearML server was not asked. ${site.server.why}.\n`);
    context.stderr(
      'Read them: each choice says where it came from. Then have this and later commands use them, check, and start:\n' +
        `  export CLEARML_CONFIG_FILE=${quoteWord(join(folder, SETTINGS))}\n` +
        '  clearml-agent-slurm doctor --on-node\n' +
        '  clearml-agent-slurm\n' +
        'The first line belongs into your login profile; --config-file FILE does the same for one command.\n',
    );
    return EXIT.ok;
  } finally {
    await app.closeLog();
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
  readonly app: App;
  readonly cluster: ClusterSettings;
  readonly folder: string;
  readonly site: Site;
  readonly choices: Choices;
}

function filesFor({ typed, app, cluster, folder, site, choices }: Writing): { path: string; text: string }[] {
  const { context, config } = app;
  const { kind } = site.keeper;
  const [template = '', settings = '', unit = ''] = paths(folder, site);
  // What was typed in front of `init` is Node and the program.
  const program = context.startedAs.slice(0, context.startedAs.indexOf('init', 1));
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
          path: resolve(config.files[0] ?? join(context.homeDir, 'clearml.conf')),
          isThere: config.files[0] !== undefined,
        },
        cluster: cluster.name === undefined ? undefined : { name: cluster.name, ssh: textOption(typed, 'ssh') },
      }),
    },
    {
      path: unit,
      text: UNIT_FILES[kind]({
        ...unitSite(command, { ...context, workingDir: folder }, [cluster]),
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

function isInTheWay(path: string): UsageError {
  return new UsageError(
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
async function makeSharedFolder(app: App, cluster: ClusterSettings, path: string): Promise<void> {
  const host = await createTransport(cluster, app.context);
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
