// All endpoints of the ClearML server that the sandbox has, without its own controls.
import type { Service } from '../requests/endpoint.ts';
import { createAuthService, createUsersService } from './auth.ts';
import { API_VERSION, SERVER_VERSION } from '../requests/login-tokens.ts';
import { createEventsService } from './events.ts';
import { createEventsScalarsService } from './events-scalars.ts';
import { createModelsService } from './models.ts';
import { createProjectsService } from './projects.ts';
import { createQueuesService } from './queues.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';
import { createTasksPartsService } from './tasks-parts.ts';
import { createTasksDiscardService } from './tasks-discard.ts';
import { createTasksEditService } from './tasks-edit.ts';
import { createTasksQueueingService } from './tasks-queueing.ts';
import { createTasksReadService } from './tasks-read.ts';
import { createTasksStatusService } from './tasks-status.ts';
import { createWorkersService } from './workers.ts';

export function createServices(store: Store, clock: SandboxClock): Service {
  return {
    ...createAuthService(store, clock),
    ...createTasksReadService(store),
    ...createTasksStatusService(store, clock),
    ...createTasksQueueingService(store, clock),
    ...createTasksDiscardService(store, clock),
    ...createTasksEditService(store, clock),
    ...createTasksPartsService(store, clock),
    ...createQueuesService(store, clock),
    ...createWorkersService(store, clock),
    ...createEventsService(store, clock),
    ...createEventsScalarsService(store),
    ...createProjectsService(store, clock),
    ...createModelsService(store, clock),
    ...createUsersService(store),
    'server.info': () => ({ version: SERVER_VERSION, build: 'sandbox', commit: '', api_version: API_VERSION }),
    'debug.ping': () => ({ msg: 'Because it trains cats and dogs' }),
  };
}
