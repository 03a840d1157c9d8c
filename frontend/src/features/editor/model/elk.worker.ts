/** Runs elk off the main thread; importing it in a worker makes it answer elk-api's messages. */
import "elkjs/lib/elk-worker.min.js";
