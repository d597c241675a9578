// An audit log that discards its lines, for daemons that run without a state directory.
import type { AuditLog } from '../../src/daemon/audit/audit-log.ts';

export const noAudit: AuditLog = { write: () => Promise.resolve(), close: () => Promise.resolve() };
