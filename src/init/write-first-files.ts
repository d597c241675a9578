// Probes a cluster and writes a first template, settings and unit for it. Existing files are never overwritten.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { SlurmUnavailableError } from '../slurm/errors.ts';
import { choose, type Choices, type TypedChoices, type Ask, type Question } from './choose-settings.ts';
import { probeSite, type Site } from './probe-site.ts';
import { firstSettings } from './generate-first-settings.ts';
import { generateFirstTemplate } from './generate-first-template.ts';
import { createTransport } from '../assembly/create-transport.ts';
import { createAppWith, type App } from '../assembly/app.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { refuseInternalQueue } from '../assembly/read-queue-templates.ts';
import { UNIT_FILE_NAMES, UNIT_FILES, unitSite, wholeStateDir, type JobPlace } from './generate-unit-files.ts';
import { UsageError } from '../base/usage-error.ts';
import { nearestName } from '../base/did-you-mean.ts';
import { parseAmount } from '../base/slurm-amount.ts';

const TEMPLATE = 'slurm.template';
const SETTINGS = 'clearml-slurm.conf';

export interface InitOptions {
  /** Where the files are written; the working directory if undefined. */
  readonly folder: string | undefined;
  readonly choices: TypedChoices;
  /** `[user@]host` of `--ssh`. */
  readonly ssh: string | undefined;
  /** Asks the user; the defaults are taken if undefined. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

export interface WrittenSite {
  readonly paths: readonly string[];
  readonly settingsFile: string;
  /** Why the ClearML server could not be queried. */
  readonly serverError: string | undefined;
}

/** @throws UsageError; SlurmUnavailableError if the cluster cannot be queried */
export async function writeSite(here: Configured, options: InitOptions): Promise<WrittenSite> {
  const app = createAppWith(here);
  try {
    const [cluster, another] = app.config.settings.clusters;
    if (cluster === undefined || another !== undefined)
      throw new UsageError('init works on one cluster: select it with --cluster.');
    const folder = resolve(here.context.workingDir, options.folder ?? '.');
    // Before any question is asked.
    const present = [TEMPLATE, SETTINGS, ...Object.values(UNIT_FILE_NAMES)]
      .map((name) => join(folder, name))
      .find(existsSync);
    if (present !== undefined) throw existsError(present);

    const { queue } = options.choices;
    if (queue !== undefined) refuseInternalQueue(queue, app.config.settings);
    const site = await probeSite(app, cluster);
    const choices = await choose(site, options.choices, askUser(options.ask));
    if (choices.sharedDir.value !== undefined) await makeSharedFolder(app, cluster, choices.sharedDir.value);
    const files = filesFor({ ssh: options.ssh, app, cluster, folder, site, choices });
    await writeAll(files);
    return {
      paths: files.map(({ path }) => path),
      settingsFile: join(folder, SETTINGS),
      serverError: site.server.kind === 'unavailable' ? site.server.why : undefined,
    };
  } finally {
    await app.closeLog();
  }
}

interface Writing {
  readonly ssh: string | undefined;
  readonly app: App;
  readonly cluster: ClusterSettings;
  readonly folder: string;
  readonly site: Site;
  readonly choices: Choices;
}

function filesFor({ ssh, app, cluster, folder, site, choices }: Writing): { path: string; text: string }[] {
  const { context, config } = app;
  const { kind } = site.supervisor;
  const settings = join(folder, SETTINGS);
  // The arguments before `init` are Node and the program.
  const program = context.startedAs.slice(0, context.startedAs.indexOf('init', 1));
  const command = [...program, '--config-file', settings];
  const isThere = config.mainFiles.length > 0;
  // Relative to the working directory, which is not that of the unit.
  const stateDir = resolve(context.workingDir, cluster.stateDir);
  const isStateDirTyped = config.originOf('agent.slurm.state_dir')?.kind === 'option';
  return [
    { path: join(folder, TEMPLATE), text: generateFirstTemplate(site, choices) },
    {
      path: settings,
      text: firstSettings(site, choices, {
        templateFile: TEMPLATE,
        unitFile: UNIT_FILE_NAMES[kind],
        // Relative to the written file, which is in another directory.
        included: (isThere ? config.mainFiles : [join(context.homeDir, 'clearml.conf')]).map((path) => resolve(path)),
        isThere,
        stateDir: isStateDirTyped ? wholeStateDir({ ...cluster, stateDir }) : undefined,
        cluster: cluster.name === undefined ? undefined : { name: cluster.name, ssh },
      }),
    },
    {
      path: join(folder, UNIT_FILE_NAMES[kind]),
      text: UNIT_FILES[kind]({
        ...unitSite(
          command,
          { ...context, workingDir: folder },
          {
            ...config.settings,
            clusters: [{ ...cluster, stateDir }],
          },
        ),
        job: daemonJob(site, choices),
      }),
    },
  ];
}

function existsError(path: string): UsageError {
  return new UsageError(
    `${path} already exists and was not changed. Move it, or write to another directory: init DIR.`,
  );
}

async function writeAll(files: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text, { flag: 'wx' }).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? existsError(path) : error;
    });
  }
}

/** Writable only by the user, because jobs run the agent that is installed in it. */
async function makeSharedFolder(app: App, cluster: ClusterSettings, path: string): Promise<void> {
  const host = await createTransport(cluster, app.context);
  try {
    const args = ['-p', '-m', '700', path];
    const { exitCode, stderr } = await host.run({ program: 'mkdir', args, timeoutMs: 30_000 });
    if (exitCode !== 0)
      throw new SlurmUnavailableError(
        `The directory ${path} cannot be created on ${host.name}: ${stderr.trim()}. Use another one.`,
      );
  } finally {
    await host.close();
  }
}

const USUAL: Ask = ({ usual }) => Promise.resolve(usual);

/** @param put shows a text and resolves with the line that the user types; undefined without a terminal: the defaults apply */
export function askUser(put: ((text: string) => Promise<string>) | undefined): Ask {
  if (put === undefined) return USUAL;
  return async (question) => {
    let sentence = '';
    for (;;) {
      const line = await put(`${sentence}${formatQuestion(question)}`);
      const answer = line === '' ? question.usual : line;
      if (question.answers?.includes(answer) ?? true) return answer;
      const nearest = nearestName(answer, question.answers ?? []);
      sentence = `"${answer}" is not one of the choices.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}\n`;
    }
  };
}

function formatQuestion({ asks, answers, usual }: Question): string {
  const choice = answers === undefined ? '' : `one of ${answers.join(', ')} `;
  return `${asks}\n  ${choice}[${usual}] `;
}

/** In the default partition where that takes jobs of this user, else where tasks go. */
export function daemonJob({ partitions }: Site, { partition: chosen, entrance }: Choices): JobPlace {
  const usual = partitions.find(({ isDefault, closedBecause }) => isDefault && closedBecause === undefined);
  const { name, timeLimit } = usual ?? chosen.value;
  const seconds = parseAmount(timeLimit, 'duration')?.most ?? Infinity;
  const account = entrance === undefined ? [] : [`--account=${entrance.value.account}`];
  const qos = entrance?.value.qos === undefined ? [] : [`--qos=${entrance.value.qos}`];
  const options = usual === undefined ? [`--partition=${name}`, ...account, ...qos] : [];
  return { limit: { text: timeLimit, seconds }, options };
}
