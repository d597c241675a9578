// Projects, which contain tasks and are named by their full path.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { endpoint, type Fields, type Service } from '../requests/endpoint.ts';
import { texts, type ProjectDocument } from '../store/documents.ts';
import type { Conditions } from '../requests/filter-documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { listDocuments } from '../requests/list-documents.ts';
import { randomId } from '../store/random-id.ts';
import type { Store } from '../store/store.ts';

const CONDITIONS: Conditions = {
  list: ['id', 'tags', 'system_tags', 'parent'],
  pattern: ['name', 'basename', 'description'],
  datetime: ['last_update', 'created'],
};

const projectFields = z.object({
  name: z.string(),
  description: z.string().default(''),
  tags: texts.default([]),
  system_tags: texts.default([]),
  default_output_destination: z.string().optional(),
});

const updateRequest = z.object({
  project: z.string(),
  name: z.string().exactOptional(),
  description: z.string().exactOptional(),
  tags: texts.exactOptional(),
  system_tags: texts.exactOptional(),
  default_output_destination: z.string().exactOptional(),
});

const deleteRequest = z.object({
  project: z.string(),
  force: z.boolean().default(false),
  delete_contents: z.boolean().default(false),
});

interface Owner {
  readonly user: string;
  readonly company: string;
}

export function createProjectsService(store: Store, clock: SandboxClock): Service {
  const list = (body: Fields): Fields => {
    const { documents, scroll } = listDocuments(store.projects.all(), body, { conditions: CONDITIONS });
    return { projects: documents, ...scroll };
  };
  return {
    'projects.get_all': (call) => list(call.body),
    'projects.get_all_ex': (call) => list(call.body),
    'projects.get_by_id': endpoint(z.object({ project: z.string() }), ({ project: id }) => ({
      project: findProject(store, id),
    })),
    'projects.create': endpoint(projectFields, (fields, call) => {
      if (projectNamed(store, fields.name) !== undefined) throw new ApiError('notUnique', { name: fields.name });
      return { id: createProject(store, clock.now(), fields, call.caller).id };
    }),
    'projects.update': endpoint(updateRequest, ({ project: id, ...fields }) => {
      const project = findProject(store, id);
      const { name } = fields;
      // A rename of the parents is another call, projects.move.
      if (name !== undefined && locationOf(name) !== locationOf(project.name))
        throw new ApiError('cannotUpdateProjectLocation', { name });
      const changes = { ...fields, last_update: formatInstant(clock.now()) };
      store.projects.put({ ...project, ...changes, ...(name === undefined ? {} : { basename: basenameOf(name) }) });
      const isBelow = (other: ProjectDocument): boolean => other.name.startsWith(`${project.name}/`);
      for (const child of name === undefined ? [] : store.projects.all().filter(isBelow))
        store.projects.put({ ...child, name: `${name}${child.name.slice(project.name.length)}` });
      return { updated: 1, fields: changes };
    }),
    'projects.delete': endpoint(deleteRequest, ({ project: id, force, delete_contents: isEmptied }) => {
      const root = findProject(store, id);
      const all = store.projects.all().filter(({ name }) => name === root.name || name.startsWith(`${root.name}/`));
      const ids = new Set(all.map((project) => project.id));
      const tasks = store.tasks.all().filter(({ project = '' }) => ids.has(project));
      if (!force && tasks.some(({ system_tags: tags }) => !tags.includes('archived')))
        throw new ApiError('projectHasTasks', { id }, 'use force=true');
      for (const task of tasks) {
        if (!isEmptied) {
          store.tasks.put({ ...task, project: undefined });
          continue;
        }
        // Unlike tasks.delete, it leaves their entries in the queues.
        store.tasks.delete(task.id);
        store.events.keep(task.id, () => false);
      }
      for (const project of ids) store.projects.delete(project);
      const counted = isEmptied ? { deleted_tasks: tasks.length } : { disassociated_tasks: tasks.length };
      return { deleted: ids.size, ...counted };
    }),
  };
}

/** @throws ApiError 400/401 */
function findProject(store: Store, id: string): ProjectDocument {
  const project = store.projects.get(id);
  if (project === undefined) throw new ApiError('invalidProjectId', { id });
  return project;
}

/** The project with this full path, created with its parents if missing. @throws ApiError 400/800 */
export function findOrCreateProject(store: Store, nowAt: number, name: string, owner: Owner): ProjectDocument {
  return projectNamed(store, name) ?? createProject(store, nowAt, projectFields.parse({ name }), owner);
}

function projectNamed(store: Store, name: string): ProjectDocument | undefined {
  return store.projects.all().find((project) => project.name === name);
}

function createProject(
  store: Store,
  nowAt: number,
  fields: z.infer<typeof projectFields>,
  owner: Owner,
): ProjectDocument {
  const basename = basenameOf(fields.name);
  if (basename.trim().length < 3) throw new ApiError('dataValidation', { name: fields.name }, 'name is too short');
  const parentName = locationOf(fields.name);
  const parent = parentName === '' ? undefined : findOrCreateProject(store, nowAt, parentName, owner).id;
  const now = formatInstant(nowAt);
  const project: ProjectDocument = {
    ...fields,
    id: randomId(),
    basename,
    parent,
    user: owner.user,
    company: owner.company,
    created: now,
    last_update: now,
  };
  store.projects.put(project);
  return project;
}

function basenameOf(name: string): string {
  return name.split('/').at(-1) ?? '';
}

/** The names of the parents. */
function locationOf(name: string): string {
  return name.split('/').slice(0, -1).join('/');
}
