//! Nodes that are away: whoever comes back in time costs nothing, whoever does not is done without and marked, and a
//! coordinator that stops goes on where it was. In no case is there a wrong list.
