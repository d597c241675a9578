// Decides the Singularity container of one task: image and arguments of the task or of the configuration, for the job script.
import type { AgentLocation } from '../template.ts';
import { parseImage } from './parse-singularity-image.ts';
import {
  checkImageName,
  errorAt,
  parseAllArguments,
  parseTaskContainer,
  setUpScriptOf,
  type ContainerSettings,
  type TaskContainer,
} from './task-container.ts';
import { singularityOptions, type ContainerVariable } from './parse-container-arguments.ts';

/** The values for the job script about its container. */
export interface ContainerFacts {
  /** For `singularity exec`. */
  readonly image: string;
  /** As the task or the configuration names it. */
  readonly imageName: string;
  /** Image files of the site; the first that exists is used. */
  readonly siteImages: readonly string[];
  /** The file that it is pulled into, and started from; undefined: it is not pulled before the container starts. */
  readonly pulledImage: string | undefined;
  readonly forcePull: boolean;
  /** The singularity or apptainer of the template, which also pulls: a name or a path. */
  readonly runtime: string;
  readonly ssh: boolean;
  readonly options: readonly string[];
  readonly environment: readonly ContainerVariable[];
  /** Commands to run inside, before the agent; may be empty. */
  readonly setUp: string;
}

export interface ContainerPlan {
  readonly facts: ContainerFacts;
  /** Messages for the task's console. */
  readonly notes: readonly string[];
}

/**
 * Pure.
 * @param settings undefined: tasks run on the node itself
 * @returns undefined if the template does not start the agent in a container
 * @throws TemplateError if the template does not match the mode, or if the image or an argument cannot be used
 */
export function planSingularity(
  place: AgentLocation,
  task: Readonly<Record<string, unknown>>,
  settings: ContainerSettings | undefined,
): ContainerPlan | undefined {
  const { command } = place;
  if (settings !== undefined) {
    if (startsContainer(command)) return planImage(place, parseTaskContainer(task), settings);
    throw errorAt(
      place,
      '--singularity-mode needs singularity or apptainer before ${CLEARML_AGENT_EXECUTE}: write singularity exec before it',
    );
  }
  if (expectsImage(command)) {
    throw errorAt(
      place,
      `no image follows ${command.at(-1) ?? ''}, and the daemon inserts an image only with --singularity-mode: start the daemon with this option, or write the image here`,
    );
  }
  return undefined;
}

/** @throws TemplateError if there is no image, or if the image or an argument cannot be used */
function planImage(place: AgentLocation, task: TaskContainer, settings: ContainerSettings): ContainerPlan {
  const imageName = task.image.trim() || settings.image?.trim();
  if (imageName === undefined || imageName === '') {
    throw errorAt(
      place,
      'the task has no container image: set an image in the task, or agent.default_docker.image in clearml.conf',
    );
  }
  checkImageName(place, imageName);
  const read = parseImage(imageName);
  if ('refusal' in read) throw errorAt(place, `the container image ${read.refusal}`);

  const all = parseAllArguments(place, task, settings);
  return {
    facts: {
      image: read.image,
      imageName,
      siteImages: read.siteFiles.flatMap((file) => within(settings.imageDir, file)),
      pulledImage: within(settings.imageCacheDir, read.pulledFile)[0],
      forcePull: settings.forcePull,
      runtime: findRuntime(place.command),
      ssh: settings.ssh,
      options: all.flatMap(singularityOptions),
      environment: all.flatMap(({ environment }) => environment),
      setUp: setUpScriptOf(place, task, settings),
    },
    notes: all.flatMap(({ ignored }) => ignored),
  };
}

/** The path of the file in the directory, if both are given. */
function within(folder: string | undefined, file: string | undefined): string[] {
  return folder === undefined || file === undefined ? [] : [`${folder.replace(/\/+$/, '')}/${file}`];
}

/** Whether the command starts a container without naming an image: then the task names it, and this program adds the GPUs. */
export function expectsImage(command: readonly string[]): boolean {
  const last = command.at(-1) ?? '';
  return startsContainer(command) && (last === 'exec' || last.startsWith('-'));
}

const RUNTIME = /(?:^|\/)(singularity|apptainer)$/;

/** Whether the command before the agent starts a container. */
function startsContainer(command: readonly string[]): boolean {
  return command.some((word) => RUNTIME.test(word));
}

/** A path with an expansion is replaced by the name, which PATH finds. */
export function findRuntime(command: readonly string[]): string {
  const word = command.find((candidate) => RUNTIME.test(candidate)) ?? 'singularity';
  return /[$`~*?]/.test(word) ? (RUNTIME.exec(word)?.[1] ?? word) : word;
}
