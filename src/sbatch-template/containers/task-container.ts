// What a task and the configuration say about the container of a task, for Singularity and for Pyxis alike.
import { TemplateError } from '../errors.ts';
import type { AgentLocation } from '../template.ts';
import {
  ContainerArgumentError,
  encodedBytes,
  MOST_BYTES,
  parseContainerArguments,
  type ContainerArguments,
} from './parse-container-arguments.ts';

/** The settings for containers in clearml.conf. */
export interface ContainerSettings {
  /** `agent.default_docker.image` */
  readonly image: string | undefined;
  /** `agent.default_docker.arguments`, for a task without arguments. */
  readonly arguments: string;
  /** `agent.extra_docker_arguments`, for every task. */
  readonly extraArguments: string;
  /** `agent.extra_docker_shell_script`: lines that run before the agent. */
  readonly setUpLines: readonly string[];
  /** The directories that tasks may mount, with all below them. */
  readonly mounts: readonly string[];
  /** A directory of the nodes with image files, which is searched first. */
  readonly imageDir: string | undefined;
  /** A directory of the nodes into which images are pulled, for all jobs; without it, each container pulls its own image. */
  readonly imageCacheDir: string | undefined;
  /** `agent.docker_force_pull`: whether to pull an image again. */
  readonly forcePull: boolean;
  /** Whether the container can read the user's `~/.ssh` and use the ssh-agent. */
  readonly ssh: boolean;
}

/** The `container` of a task; fields that are not strings are empty. */
export interface TaskContainer {
  readonly image: string;
  readonly arguments: string;
  readonly setUpScript: string;
}

/** Reads the `container` of a task. */
export function parseTaskContainer(task: Readonly<Record<string, unknown>>): TaskContainer {
  const container: unknown = task['container'];

  function textOf(name: string): string {
    const value: unknown = typeof container === 'object' && container !== null ? Reflect.get(container, name) : '';
    return typeof value === 'string' ? value : '';
  }

  return { image: textOf('image'), arguments: textOf('arguments'), setUpScript: textOf('setup_shell_script') };
}

/**
 * The commands to run before the agent: those of the configuration, then those of the task.
 * @throws TemplateError if the job cannot pass them to the container
 */
export function setUpScriptOf(
  place: AgentLocation,
  { setUpScript }: TaskContainer,
  settings: ContainerSettings | undefined,
): string {
  const script = [...(settings?.setUpLines ?? []), setUpScript].filter((text) => text.trim() !== '').join('\n');
  if (script.includes('\0')) throw errorAt(place, 'the set-up script of the container has a NUL character: remove it');
  const bytes = encodedBytes(script);
  if (bytes > MOST_BYTES) {
    throw errorAt(
      place,
      `the set-up script of the container has ${bytes} bytes, and at most ${MOST_BYTES} reach the container: put its files into the image or the repository`,
    );
  }
  return script;
}

/** The longest path of Linux, and much more than the name of an image in a registry. */
const LONGEST_IMAGE_NAME = 4096;

/** @throws TemplateError for a name that is too long for a variable of the job */
export function checkImageName(place: AgentLocation, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= LONGEST_IMAGE_NAME) return;
  throw errorAt(
    place,
    `the name of the container image has ${bytes} bytes, and at most ${LONGEST_IMAGE_NAME} are possible: correct it`,
  );
}

/**
 * The arguments of the configuration for every task, then those of the task, or of the configuration for a task without arguments.
 * @param settings undefined: no settings for containers, and a task may mount nothing
 * @throws TemplateError at the agent in the template if an argument cannot be used
 */
export function parseAllArguments(
  place: AgentLocation,
  task: TaskContainer,
  settings: ContainerSettings | undefined,
): ContainerArguments[] {
  if (settings === undefined) return [parseArgumentsAt(place, task.arguments, [])];
  const own =
    task.arguments.trim() === ''
      ? parseArgumentsAt(place, settings.arguments, undefined)
      : parseArgumentsAt(place, task.arguments, settings.mounts);
  return [parseArgumentsAt(place, settings.extraArguments, undefined), own];
}

function parseArgumentsAt(
  place: AgentLocation,
  written: string,
  mounts: readonly string[] | undefined,
): ContainerArguments {
  try {
    return parseContainerArguments(written, mounts);
  } catch (error) {
    if (!(error instanceof ContainerArgumentError)) throw error;
    throw errorAt(place, error.message);
  }
}

/** @returns an error at the agent in the template */
export function errorAt({ file, line, column }: AgentLocation, finding: string): TemplateError {
  return new TemplateError(file, line, column, finding);
}
