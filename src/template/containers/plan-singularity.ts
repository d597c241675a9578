// The container of one task: its image and arguments, else those of the configuration, as its job script is to be told them.
import { TemplateError } from '../errors.ts';
import type { AgentLocation } from '../template.ts';
import { parseImage } from './image.ts';
import {
  ContainerArgumentError,
  parseContainerArguments,
  singularityOptions,
  type ContainerVariable,
  type ContainerArguments,
} from './container-arguments.ts';

/** What clearml.conf says about containers. */
export interface ContainerSettings {
  /** `agent.default_docker.image` */
  readonly image: string | undefined;
  /** `agent.default_docker.arguments`, for a task that has none of its own. */
  readonly arguments: string;
  /** `agent.extra_docker_arguments`, for every task. */
  readonly extraArguments: string;
  /** `agent.extra_docker_shell_script`: lines that run before the agent. */
  readonly setUpLines: readonly string[];
  /** The folders that tasks may mount, with all below them. */
  readonly mounts: readonly string[];
  /** A folder of the nodes with images in files, in which every image is looked for first. */
  readonly imageDir: string | undefined;
  /** A folder of the nodes into which images are pulled, for all jobs; without one each start of a container sees to itself. */
  readonly imageCacheDir: string | undefined;
  /** `agent.docker_force_pull`: whether to pull although the image was pulled before. */
  readonly forcePull: boolean;
  /** Whether the container gets the user's `~/.ssh` and ssh-agent, to read. */
  readonly ssh: boolean;
}

/** `container` of a task, as far as it is text. */
export interface TaskContainer {
  readonly image: string;
  readonly arguments: string;
  readonly setUpScript: string;
}

/** What a job script is told about its container. */
export interface ContainerFacts {
  /** As `singularity exec` is given it. */
  readonly image: string;
  /** As the task or the configuration names it. */
  readonly imageName: string;
  /** Files of the site that are taken in its place, where one is there. */
  readonly siteImages: readonly string[];
  /** The file that it is pulled into, and taken from; undefined: it is not pulled before the container is started. */
  readonly pulledImage: string | undefined;
  readonly forcePull: boolean;
  /** What starts the container in the template, to pull with: a name, or a path. */
  readonly runtime: string;
  readonly ssh: boolean;
  readonly options: readonly string[];
  readonly environment: readonly ContainerVariable[];
  /** Run inside, before the agent; empty where there is nothing to run. */
  readonly setUp: string;
}

export interface ContainerPlan {
  readonly facts: ContainerFacts;
  /** Sentences for the task's console. */
  readonly notes: readonly string[];
}

/**
 * Pure.
 * @param settings undefined: tasks run on the node itself
 * @returns undefined where the template has no container made of the agent's command
 * @throws TemplateError when the template and the mode don't fit, or the image or an argument can't be used
 */
export function planSingularity(
  place: AgentLocation,
  task: Readonly<Record<string, unknown>>,
  settings: ContainerSettings | undefined,
): ContainerPlan | undefined {
  const { command } = place;
  if (settings !== undefined) {
    if (startsContainer(command)) return planImage(place, readTaskContainer(task), settings);
    throw problem(
      place,
      '--singularity-mode, and no singularity or apptainer stands before ${CLEARML_AGENT_EXECUTE}: write singularity exec in front of it',
    );
  }
  if (expectsImage(command)) {
    throw problem(
      place,
      `${command.at(-1) ?? ''} takes no image from the task without --singularity-mode: start the daemon with it, or name the image here`,
    );
  }
  return undefined;
}

/** @throws TemplateError when there is no image, or one or an argument that can't be used */
function planImage(place: AgentLocation, task: TaskContainer, settings: ContainerSettings): ContainerPlan {
  const imageName = task.image.trim() || settings.image?.trim();
  if (imageName === undefined || imageName === '') {
    throw problem(
      place,
      'the task has no container image: set one in it, or agent.default_docker.image in clearml.conf',
    );
  }
  const read = parseImage(imageName);
  if ('refusal' in read) throw problem(place, `the container image ${read.refusal}`);

  const own =
    task.arguments.trim() === ''
      ? parseArgumentsAt(place, settings.arguments, undefined)
      : parseArgumentsAt(place, task.arguments, settings.mounts);
  const extra = parseArgumentsAt(place, settings.extraArguments, undefined);
  return {
    facts: {
      image: read.image,
      imageName,
      siteImages: read.siteFiles.flatMap((file) => within(settings.imageDir, file)),
      pulledImage: within(settings.imageCacheDir, read.pulledFile)[0],
      forcePull: settings.forcePull,
      runtime: findRuntime(place.command),
      ssh: settings.ssh,
      options: [extra, own].flatMap(singularityOptions),
      environment: [...extra.environment, ...own.environment],
      setUp: setUpScriptOf(task, settings),
    },
    notes: [...extra.ignored, ...own.ignored],
  };
}

/** What runs before the agent: the script of the configuration, then the task's own. */
export function setUpScriptOf({ setUpScript }: TaskContainer, settings: ContainerSettings | undefined): string {
  return [...(settings?.setUpLines ?? []), setUpScript].filter((text) => text.trim() !== '').join('\n');
}

/** The path of a file, where there is such a folder and such a file. */
function within(folder: string | undefined, file: string | undefined): string[] {
  return folder === undefined || file === undefined ? [] : [`${folder.replace(/\/+$/, '')}/${file}`];
}

/** The part of a task that speaks of its container; what is not text there is as good as nothing. */
export function readTaskContainer(task: Readonly<Record<string, unknown>>): TaskContainer {
  const container: unknown = task['container'];

  function textOf(name: string): string {
    const value: unknown = typeof container === 'object' && container !== null ? Reflect.get(container, name) : '';
    return typeof value === 'string' ? value : '';
  }

  return { image: textOf('image'), arguments: textOf('arguments'), setUpScript: textOf('setup_shell_script') };
}

/** Whether a container is to be made, and no image is named: that, and whether it shows GPUs, is then up to the task and us. */
export function expectsImage(command: readonly string[]): boolean {
  const last = command.at(-1) ?? '';
  return startsContainer(command) && (last === 'exec' || last.startsWith('-'));
}

const RUNTIME = /(?:^|\/)(singularity|apptainer)$/;

/** Whether what stands before the agent in a template makes a container of what follows. */
function startsContainer(command: readonly string[]): boolean {
  return command.some((word) => RUNTIME.test(word));
}

/** A path that bash would have to make out first is left to the PATH. */
function findRuntime(command: readonly string[]): string {
  const word = command.find((candidate) => RUNTIME.test(candidate)) ?? 'singularity';
  return /[$`~*?]/.test(word) ? (RUNTIME.exec(word)?.[1] ?? word) : word;
}

export function parseArgumentsAt(
  place: AgentLocation,
  written: string,
  mounts: readonly string[] | undefined,
): ContainerArguments {
  try {
    return parseContainerArguments(written, mounts);
  } catch (error) {
    if (!(error instanceof ContainerArgumentError)) throw error;
    throw problem(place, error.message);
  }
}

function problem({ file, line, column }: AgentLocation, finding: string): TemplateError {
  return new TemplateError(file, line, column, finding);
}
