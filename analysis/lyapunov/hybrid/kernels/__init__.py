"""The compiled replay: state and tangent through the operations of each step."""
