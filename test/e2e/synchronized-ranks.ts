// The program of a multi-node task, whose ranks synchronize like those of a training.

/**
 * Python: `rank` and `size` are known afterwards, and no rank has continued without the others. Another test cluster on this machine may
 * have a job with the same id, and so the same port: the first rank waits for the port, and the ranks of a task find each other by its id.
 */
export const SYNCHRONIZE_RANKS = `
import os, socket, time
rank, size = int(os.environ["NODE_RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
own = os.environ["CLEARML_TASK_ID"].encode()

def is_rank(peer):
    try:
        with peer:
            if peer.recv(len(own), socket.MSG_WAITALL) != own: return False
            peer.sendall(own)
            return True
    except OSError: return False

def listen():
    met = 1
    with socket.create_server(("", place[1])) as server:
        while met < size: met += is_rank(server.accept()[0])

def join():
    with socket.create_connection(place) as peer:
        peer.sendall(own)
        if peer.recv(len(own), socket.MSG_WAITALL) != own: raise OSError("the first rank of another task")

for _ in range(6000):
    try:
        join() if rank else listen()
        break
    except OSError: time.sleep(0.1)
if rank == 0: print("all have met", flush=True)
`;
