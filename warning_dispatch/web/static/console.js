// Keeps a page of the console fresh, and rings for a red warning that nobody has taken note of.

import { Sound } from "./console-sound.js";
import { follow } from "./console-stream.js";

const sound = new Sound(document.querySelector("[data-sound]"));

function look() {
  sound.ring(document.querySelector("[data-rings]") !== null);
}

follow(document.body.dataset.stream, document.querySelector("[data-lost]"), look);
look();
