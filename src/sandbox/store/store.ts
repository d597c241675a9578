// The state of the sandbox in memory. All changes go through it, so that they reach the state file.
import { groupBy } from '../../base/group-by.ts';
import type {
  EventDocument,
  ModelDocument,
  ProjectDocument,
  QueueDocument,
  SandboxSettings,
  Snapshot,
  TaskDocument,
  WorkerDocument,
} from './documents.ts';
import { writeSnapshot } from './state-file.ts';

/** Documents by id, in the order of creation. A document is never changed in place: put a new one. */
export interface Collection<Document extends { readonly id: string }> {
  get(id: string): Document | undefined;
  all(): Document[];
  put(document: Document): void;
  delete(id: string): void;
}

export interface EventLog {
  of(task: string): readonly EventDocument[];
  add(event: EventDocument): void;
  /** Keeps the events of the task that match. */
  keep(task: string, isKept: (event: EventDocument) => boolean): void;
}

export interface Store {
  readonly tasks: Collection<TaskDocument>;
  readonly queues: Collection<QueueDocument>;
  readonly projects: Collection<ProjectDocument>;
  readonly models: Collection<ModelDocument>;
  readonly workers: Collection<WorkerDocument>;
  readonly events: EventLog;
  settings(): Readonly<SandboxSettings>;
  changeSettings(changes: Partial<SandboxSettings>): void;
  /** Resolves when every earlier change is on disk; at once without a file. */
  saved(): Promise<void>;
}

/** A store with this initial content; without a file, it is lost when the process exits. */
export function createStore(content: Snapshot, stateFile: string | undefined): Store {
  let changes = 0;
  let savedChanges = 0;
  let writing: Promise<void> | undefined;
  let settings = content.settings;

  const onChange = (): void => {
    changes += 1;
  };
  const tasks = createCollection(content.tasks, onChange);
  const queues = createCollection(content.queues, onChange);
  const projects = createCollection(content.projects, onChange);
  const models = createCollection(content.models, onChange);
  const workers = createCollection(content.workers, onChange);
  const events = createEventLog(content.events, onChange);

  async function write(path: string): Promise<void> {
    const including = changes;
    await writeSnapshot(path, {
      settings,
      tasks: tasks.all(),
      queues: queues.all(),
      projects: projects.all(),
      models: models.all(),
      workers: workers.all(),
      events: events.all(),
    });
    savedChanges = including;
  }

  return {
    tasks,
    queues,
    projects,
    models,
    workers,
    events,
    settings: () => settings,
    changeSettings: (some) => {
      settings = { ...settings, ...some };
      onChange();
    },
    async saved() {
      if (stateFile === undefined) return;
      const wanted = changes;
      // One write at a time; calls that wait meanwhile share the next one.
      while (savedChanges < wanted) {
        writing ??= write(stateFile).finally(() => {
          writing = undefined;
        });
        await writing;
      }
    },
  };
}

function createCollection<Document extends { readonly id: string }>(
  documents: readonly Document[],
  onChange: () => void,
): Collection<Document> {
  const byId = new Map(documents.map((document) => [document.id, document]));
  return {
    get: (id) => byId.get(id),
    all: () => [...byId.values()],
    put: (document) => {
      byId.set(document.id, document);
      onChange();
    },
    delete: (id) => {
      if (byId.delete(id)) onChange();
    },
  };
}

function createEventLog(events: readonly EventDocument[], onChange: () => void): EventLog & { all(): EventDocument[] } {
  const byTask = groupBy(events, ({ task }) => task);
  return {
    of: (task) => byTask.get(task) ?? [],
    add: (event) => {
      const ofTask = byTask.get(event.task);
      if (ofTask === undefined) byTask.set(event.task, [event]);
      else ofTask.push(event);
      onChange();
    },
    keep: (task, isKept) => {
      byTask.set(task, (byTask.get(task) ?? []).filter(isKept));
      onChange();
    },
    all: () => [...byTask.values()].flat(),
  };
}
