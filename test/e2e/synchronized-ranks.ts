// The program of a multi-node task, whose ranks synchronize like those of a training.

/** Python: `rank` and `size` are known afterwards, and no rank has continued without the others. */
export const SYNCHRONIZE_RANKS = `
import os, socket, time
rank, size = int(os.environ["NODE_RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    server = socket.create_server(("", place[1]))
    for _ in range(size - 1): server.accept()
    print("all have met", flush=True)
else:
    for _ in range(6000):
        try:
            socket.create_connection(place).close()
            break
        except OSError: time.sleep(0.1)
`;
