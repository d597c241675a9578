// The table of variables that a template can use, the lookup of their values, and the list of those that a task has.
import { isJsonObject } from '../../base/parse-json.ts';
import type { Origin, Variables } from '../template.ts';
import { lookupPaths } from './user-property.ts';

/** The result of a lookup. */
export interface Lookup {
  /** undefined or null if there is no value. */
  readonly value: unknown;
  readonly origin: Origin;
  /** If there is no value: the first part of the name that was not found, and the names that exist there. */
  readonly missing?: { readonly part: string; readonly known: readonly string[] };
}

type Tree = Readonly<Record<string, unknown>>;

interface Meaning {
  readonly origin: Origin;
  /** For the documentation. */
  readonly meaning: string;
}

interface PlainVariable extends Meaning {
  readonly read: (variables: Variables) => unknown;
}

interface TreeVariable extends Meaning {
  readonly read: (variables: Variables) => Tree;
}

/** Variables without fields. */
const PLAIN: Readonly<Record<string, PlainVariable>> = {
  CLEARML_QUEUE_NAME: {
    origin: 'glue',
    meaning: 'the name of the queue that the task was claimed from',
    read: ({ queueName }) => queueName,
  },
  CLEARML_QUEUE_ID: {
    origin: 'glue',
    meaning: 'the id of the queue that the task was claimed from',
    read: ({ queueId }) => queueId,
  },
  CLEARML_WORKER_ID: {
    origin: 'glue',
    meaning: "the daemon's name in the list of workers, not the job's",
    read: ({ workerId }) => workerId,
  },
  CLEARML_PROJECT_NAME: {
    origin: 'task',
    meaning: "the name of the task's project",
    read: ({ project }) => ownField(project, 'name'),
  },
  CLEARML_PROJECT_ID: {
    origin: 'task',
    meaning: "the id of the task's project",
    read: ({ project, task }) => ownField(project, 'id') ?? projectId(task),
  },
};

/** Variables with fields, which follow a dot. */
const TREES: Readonly<Record<string, TreeVariable>> = {
  CLEARML_TASK: {
    origin: 'task',
    meaning:
      'a field of the task as in the API of the server: `id`, `name`, `container.image`, `hyperparams.Args.lr.value`; ' +
      '`project` is the id of the project, `project.name` its name',
    read: taskTree,
  },
  CLEARML_USER: { origin: 'task', meaning: 'a field of the user who owns the task', read: ({ user }) => user },
  CLEARML_CONFIG: {
    origin: 'config',
    meaning: "a setting of the daemon's `clearml.conf`, such as `agent.default_docker.image`, except secrets",
    read: ({ config }) => config,
  },
};

/** For the documentation; `…` after the dot stands for a field. */
export const VARIABLE_MEANINGS: readonly { readonly name: string; readonly meaning: string }[] = [
  ...Object.entries(PLAIN).map(([name, { meaning }]) => ({ name, meaning })),
  ...Object.entries(TREES).map(([name, { meaning }]) => ({ name: `${name}.…`, meaning })),
];

export const PLAIN_NAMES: readonly string[] = Object.keys(PLAIN);
export const TREE_NAMES: readonly string[] = Object.keys(TREES);

/** Looks up a variable. Only own fields count, so that `constructor` has no value. */
export function lookUp(variable: string, variables: Variables): Lookup {
  const [root = '', ...path] = variable.split('.');
  const plain = PLAIN[root];
  if (plain !== undefined) return { value: plain.read(variables), origin: plain.origin };
  const tree = TREES[root];
  if (tree === undefined) return { value: undefined, origin: 'glue' };
  const top = tree.read(variables);
  const places = root === 'CLEARML_TASK' ? lookupPaths(path) : [path];
  for (const place of places) {
    const value = walk(top, place);
    if (value !== undefined && value !== null) return { value, origin: tree.origin };
  }
  // Users look for a user property in the section `properties`, which is the last path but one.
  return { value: undefined, origin: tree.origin, missing: firstMissing(top, places.at(-2) ?? path) };
}

/** The task, with `project` as the id of the project, and with `project.id` and `project.name`. */
function taskTree({ task, project }: Variables): Tree {
  const id = projectId(task);
  return { ...task, project: id, 'project.id': id, 'project.name': ownField(project, 'name') };
}

function projectId(task: Tree): unknown {
  const project = ownField(task, 'project');
  return isJsonObject(project) ? ownField(project, 'id') : project;
}

/** A name can contain dots (`General/opt.lr`), so that a field can be several parts of the path. */
function walk(node: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return node;
  if (!isJsonObject(node)) return undefined;
  for (let count = 1; count <= path.length; count += 1) {
    const found = walk(ownField(node, path.slice(0, count).join('.')), path.slice(count));
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

function firstMissing(top: Tree, path: readonly string[]): { part: string; known: string[] } {
  let node: unknown = top;
  for (const part of path) {
    if (!isJsonObject(node)) return { part, known: [] };
    const next = ownField(node, part);
    if (next === undefined || next === null) return { part, known: Object.keys(node) };
    node = next;
  }
  return { part: path.at(-1) ?? '', known: [] };
}

function ownField(tree: Tree, name: string): unknown {
  return Object.hasOwn(tree, name) ? tree[name] : undefined;
}

export interface VariableValue {
  /** As in a template. */
  readonly name: string;
  /** A string, a number, a boolean, or a list of them. */
  readonly value: unknown;
}

/** In the order of the table of variables, then of the documents. Of a parameter, only the value is listed. */
export function listValues(variables: Variables): VariableValue[] {
  const plain = PLAIN_NAMES.map((name) => ({ name, value: lookUp(name, variables).value }));
  const fields = Object.entries(TREES).flatMap(([name, { read }]) => leaves(name, read(variables)));
  return [...plain, ...fields].filter(({ value }) => value !== undefined && value !== null);
}

function leaves(name: string, node: unknown): VariableValue[] {
  if (!isJsonObject(node)) return [{ name, value: node }];
  if (isParameter(name, node)) return [{ name: `${name}.value`, value: node['value'] }];
  return Object.entries(node).flatMap(([key, value]) => leaves(`${name}.${key}`, value));
}

function isParameter(name: string, node: Readonly<Record<string, unknown>>): boolean {
  return /^CLEARML_TASK\.(?:hyperparams\.[^.]+|configuration)\.[^]/.test(name) && Object.hasOwn(node, 'value');
}
