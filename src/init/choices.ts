// What init chooses for a site: as typed, as answered, or as usual there, and each time why. At most five questions.
import { nearestName } from '../base/nearest.ts';
import { SlurmUnavailableError } from '../slurm/errors.ts';
import type { Entrance } from '../slurm/partition-rights.ts';
import type { ReachablePartition } from '../doctor/reachable-partitions.ts';
import { UsageError } from '../base/usage-error.ts';
import { isPlainName } from '../doctor/reachable-partitions.ts';
import type { Site } from './site.ts';
import { isHomeShared, moduleFor } from './shell-probe.ts';

export interface Question {
  readonly asks: string;
  /** What may be answered; undefined where that can not be listed. */
  readonly answers: readonly string[] | undefined;
  readonly usual: string;
}

/** What was typed, by the name of the option. */
export interface TypedChoices {
  readonly queue: string | undefined;
  readonly partition: string | undefined;
  readonly account: string | undefined;
  readonly containers: string | undefined;
  readonly 'shared-dir': string | undefined;
}

/** How tasks run: on the node itself, in images by this program, or in images by Slurm's plugin. */
export type ContainerProgram = 'none' | 'apptainer' | 'singularity' | 'pyxis';

interface Choice<T> {
  readonly value: T;
  /** Whole sentences, for a comment. */
  readonly why: string;
}

export interface Choices {
  readonly queue: Choice<string>;
  readonly partition: Choice<ReachablePartition>;
  /** undefined where nobody needs an account. */
  readonly entrance: Choice<Entrance> | undefined;
  readonly containers: Choice<ContainerProgram>;
  /** undefined for none. */
  readonly sharedDir: Choice<string | undefined>;
}

const TYPED = 'As you typed it.';

/** Takes the usual answer where nobody is asked. */
export type Ask = (question: Question) => Promise<string>;

/** @throws UsageError for what was typed and is not there; SlurmUnavailableError when no partition takes this user's jobs */
export async function choose(site: Site, typed: TypedChoices, ask: Ask): Promise<Choices> {
  const decide = async (option: keyof TypedChoices, question: Question, why: string): Promise<Choice<string>> => {
    const given = typed[option];
    if (given !== undefined) return { value: mustBeKnown(option, given, question), why: TYPED };
    // Nothing to choose from is nothing to ask.
    if (question.answers?.length === 1) return { value: question.usual, why };
    const answer = await ask(question);
    return { value: answer, why: answer === question.usual ? why : 'As you answered.' };
  };

  const queue = await decide('queue', queueQuestion(site), '');
  const open = site.partitions.filter(({ name, closedBecause }) => closedBecause === undefined && isPlainName(name));
  const closed = site.partitions.filter((partition) => !open.includes(partition));
  const usual = usualPartition(open, closed);
  throwIfClosed(closed, typed.partition);
  const named = await decide('partition', partitionQuestion(open, closed, usual), whyPartition(usual));
  const partition = open.find(({ name }) => name === named.value) ?? usual;
  const entrance = await chooseEntrance(partition, typed.account, decide);
  const containers = await decide('containers', containersQuestion(site), '');
  const shared = await decide('shared-dir', sharedQuestion(site), whyShared(site));
  return {
    queue: { value: queue.value, why: [queue.why, aboutQueue(site, queue.value)].filter(Boolean).join(' ') },
    partition: { value: partition, why: named.why + aboutOthers('Others', open, partition.name) },
    entrance,
    containers: { value: containers.value as ContainerProgram, why: containers.why },
    sharedDir: { value: shared.value === NOWHERE ? undefined : shared.value, why: shared.why },
  };
}

type Decide = (option: keyof TypedChoices, question: Question, why: string) => Promise<Choice<string>>;

function mustBeKnown(option: keyof TypedChoices, given: string, { answers }: Question): string {
  if (answers === undefined) return option === 'shared-dir' ? mustBePath(given) : given;
  if (answers.includes(given)) return given;
  const nearest = nearestName(given, answers);
  const hint = nearest === undefined ? ` There is ${answers.join(', ')}.` : ` Did you mean "${nearest}"?`;
  throw new UsageError(`--${option} can not be "${given}" here.${hint}`);
}

function mustBePath(given: string): string {
  if (given === NOWHERE || given.startsWith('/')) return given;
  throw new UsageError(`--shared-dir needs a whole path, /…, or ${NOWHERE}, not "${given}".`);
}

function queueQuestion({ server }: Site): Question {
  const queues = server.kind === 'known' ? server.value.queues : [];
  const usual = queues.includes('default') ? 'default' : (queues[0] ?? 'default');
  const shown = queues.length === 0 ? '' : ` There is ${queues.join(', ')}.`;
  return { asks: `Which ClearML queue shall be served?${shown}`, answers: undefined, usual };
}

function aboutQueue({ server }: Site, queue: string): string {
  if (server.kind !== 'known') return `Not looked for: ${server.kind === 'unavailable' ? server.why : 'no server'}.`;
  const { address, queues } = server.value;
  if (!queues.includes(queue))
    return `${address} has no such queue yet: make it there, or start once with --create-queue.`;
  const others = queues.filter((name) => name !== queue);
  return `It is on ${address}${others.length === 0 ? '' : `, beside ${others.join(', ')}`}.`;
}

type Partitions = readonly ReachablePartition[];

function usualPartition(open: Partitions, closed: Partitions): ReachablePartition {
  const usual = open.find(({ isDefault }) => isDefault) ?? open[0];
  if (usual !== undefined) return usual;
  const why = closed.map(whyClosed).join('; ') || 'sinfo shows none';
  throw new SlurmUnavailableError(`No partition of this cluster takes jobs of yours now (${why}).`);
}

function throwIfClosed(closed: Partitions, typed: string | undefined): void {
  const shut = closed.find(({ name }) => name === typed);
  if (shut !== undefined) throw new UsageError(`--partition can not be "${shut.name}" now: ${whyClosed(shut)}.`);
}

function whyClosed({ name, closedBecause = 'has a name that is no plain word' }: ReachablePartition): string {
  return `${name} ${closedBecause}`;
}

function partitionQuestion(open: Partitions, closed: Partitions, usual: ReachablePartition): Question {
  const shut = closed.length === 0 ? '' : `\n  (Not now: ${closed.map(whyClosed).join('; ')}.)`;
  return {
    asks: `In which partition shall tasks run?${shut}`,
    answers: open.map(({ name }) => name),
    usual: usual.name,
  };
}

function whyPartition({ isDefault }: ReachablePartition): string {
  return isDefault
    ? 'The default partition, says sinfo.'
    : 'The first partition that takes your jobs, say sinfo and scontrol: the default one does not, or there is none.';
}

async function chooseEntrance(
  { entrances: ways, name }: ReachablePartition,
  typed: string | undefined,
  decide: Decide,
): Promise<Choice<Entrance> | undefined> {
  const plain = ways.filter(({ account }) => isPlainName(account));
  const [usual] = plain;
  if (usual === undefined) return typed === undefined ? undefined : unknownAccount(typed);
  const accounts = plain.map(({ account }) => ({ name: account }));
  const why = usual.isDefault
    ? 'Your default account, says sacctmgr.'
    : `Your account that ${name} takes, says sacctmgr.`;
  const answers = accounts.map((one) => one.name);
  const chosen = await decide('account', { asks: 'Under which account?', answers, usual: usual.account }, why);
  return {
    value: plain.find(({ account }) => account === chosen.value) ?? usual,
    why: chosen.why + aboutOthers('Others of yours', accounts, chosen.value),
  };
}

/** Where accounting knows of none, only a person can. */
function unknownAccount(account: string): Choice<Entrance> {
  if (!isPlainName(account))
    throw new UsageError(`--account needs the name of an account, as sacctmgr shows it, not "${account}".`);
  return { value: { account, isDefault: false, qos: undefined }, why: TYPED };
}

function containersQuestion({ plainShell: plain, loginShell: login, hasPyxis }: Site): Question {
  const program = plain.containers ?? login.containers ?? programOf(moduleFor('containers', login));
  return {
    asks: 'What shall run the container images that tasks name? (none: tasks run on the node itself)',
    answers: ['none', ...(program === undefined ? [] : [program]), ...(hasPyxis ? ['pyxis'] : [])],
    usual: 'none',
  };
}

function programOf(module: string | undefined): ContainerProgram | undefined {
  if (module === undefined) return undefined;
  return /^singularity/i.test(module) ? 'singularity' : 'apptainer';
}

/** What is answered for no folder. */
const NOWHERE = 'none';

function sharedQuestion({ loginShell: login }: Site): Question {
  return {
    asks: 'Which folder do the nodes see too, under the same path? The agent is installed there once. (or none)',
    answers: undefined,
    usual: isHomeShared(login) ? `${login.home}/.clearml-slurm` : NOWHERE,
  };
}

function whyShared({ loginShell: login }: Site): string {
  const where = `The home folder is on ${login.homeFileSystem ?? 'an unknown file system'}, says stat`;
  return isHomeShared(login) ? `${where}, which nodes usually see too.` : `${where}: nodes need not see it.`;
}

function aboutOthers(word: string, all: readonly { readonly name: string }[], chosen: string): string {
  const others = all.map(({ name }) => name).filter((name) => name !== chosen);
  return others.length === 0 ? '' : ` ${word}: ${others.join(', ')}.`;
}
