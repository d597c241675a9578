// Looks at a cluster and writes a first template and settings for it, never over what is there.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nearestName } from '../../base/nearest.ts';
import type { Fact } from '../../doctor/verdict.ts';
import { SlurmUnavailable } from '../../slurm/errors.ts';
import type { Partition } from '../../slurm/sinfo.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { askCluster } from '../look-at-cluster.ts';
import { readConfig } from '../read-config.ts';
import { isPlainName, startingSettings, startingTemplate, type Site } from '../starting-files.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

const TEMPLATE = 'slurm.template';
const SETTINGS = 'clearml-slurm.conf';

/** @throws ConfigProblem, UsageProblem; SlurmUnavailable when the cluster does not tell what it has */
export async function init(typed: Typed, around: Surroundings): Promise<number> {
  const { queue, ...rest } = typed;
  const config = readConfig(rest, around);
  const [cluster, another] = config.settings.clusters;
  if (cluster === undefined || another !== undefined)
    throw new UsageProblem('init looks at one cluster: say which with --cluster.');

  const site = readSite(typed, await askCluster({ config, around }, cluster));
  const folder = resolve(around.workingDir, textOption(typed, 'folder') ?? '.');
  const named = textOption({ queue }, 'queue') ?? 'default';
  const files = [
    { path: join(folder, TEMPLATE), text: startingTemplate(site) },
    { path: join(folder, SETTINGS), text: startingSettings(named, TEMPLATE, config.files[0]) },
  ];
  await mkdir(folder, { recursive: true });
  const flag = switchOption(typed, 'force') === true ? 'w' : 'wx';
  for (const { path, text } of files) await write(path, text, flag);

  around.stdout(files.map(({ path }) => `${path}\n`).join(''));
  around.stderr(
    'Read both: each choice says where it came from. Then\n' +
      `  clearml-agent-slurm doctor --on-node --config-file ${join(folder, SETTINGS)}\n` +
      `  clearml-agent-slurm --config-file ${join(folder, SETTINGS)}\n`,
  );
  return EXIT.ok;
}

function readSite(typed: Typed, answers: Awaited<ReturnType<typeof askCluster>>): Site {
  const controller = mustKnow(answers.controller, answers);
  const partitions = mustKnow(answers.partitions, answers).filter(
    ({ isUp, usableNodes, name }) => isUp && usableNodes > 0 && isPlainName(name),
  );
  const account = textOption(typed, 'account');
  if (account !== undefined && !isPlainName(account))
    throw new UsageProblem(`--account needs the name of an account, as sacctmgr shows it, not "${account}".`);
  return {
    clusterName: controller.clusterName,
    version: controller.version,
    partitions,
    ...choosePartition(partitions, textOption(typed, 'partition')),
    accounts: answers.accounts.kind === 'known' ? answers.accounts.value : [],
    account,
  };
}

function choosePartition(
  partitions: readonly Partition[],
  typed: string | undefined,
): Pick<Site, 'partition' | 'isPartitionChosen'> {
  const usual = partitions.find(({ isDefault }) => isDefault) ?? partitions[0];
  const partition = typed === undefined ? usual : partitions.find(({ name }) => name === typed);
  if (partition !== undefined) return { partition, isPartitionChosen: typed !== undefined };
  if (typed === undefined) throw new SlurmUnavailable('No partition of this cluster is up with a usable node.');
  const names = partitions.map(({ name }) => name);
  const nearest = nearestName(typed, names);
  const hint = nearest === undefined ? ` There is ${names.join(', ')}.` : ` Did you mean "${nearest}"?`;
  throw new UsageProblem(`No partition "${typed}" with a usable node.${hint}`);
}

/** What could not be had, in the words of the first thing that was in its way. */
function mustKnow<T>(fact: Fact<T>, { way, commands }: Awaited<ReturnType<typeof askCluster>>): T {
  if (fact.kind === 'known') return fact.value;
  const why = [way, commands, fact].find(({ kind }) => kind === 'trouble');
  const words = why?.kind === 'trouble' ? why.why : "Slurm's commands are not there";
  throw new SlurmUnavailable(`${words}. Run clearml-agent-slurm doctor, which tells what to do.`);
}

async function write(path: string, text: string, flag: 'w' | 'wx'): Promise<void> {
  try {
    await writeFile(path, text, { flag });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    throw new UsageProblem(`${path} is there already, and was left as it is. Use --force to write it anew.`);
  }
}
