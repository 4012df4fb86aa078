//! Where in a call a token stands: the component keys of every report.

use serde::{Deserialize, Serialize};

/// A part of a call's input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Component {
    /// Definitions of tools and of response formats.
    ToolDefinitions,
    /// System and developer messages.
    SystemPrompt,
    /// Example exchanges repeated at the start of most prompts of a feature.
    FewShot,
    /// Messages already sent in an earlier call of the conversation.
    History,
    /// Tool results, documents and search results, where they first appear.
    RetrievedContext,
    /// What the user says in this turn.
    UserInput,
    /// Images, audio and files, never measured by their text length.
    ImagesAndFiles,
    /// Input that the log bills but does not show, and the model's newest answer
    /// where it is sent back for the first time.
    Unattributed,
    /// Generated text, tool calls included.
    OutputText,
    /// Reasoning, billed as output.
    OutputReasoning,
}

impl Component {
    /// Every component, in the order in which a prompt is laid out.
    pub const ALL: [Self; 10] = [
        Self::ToolDefinitions,
        Self::SystemPrompt,
        Self::FewShot,
        Self::History,
        Self::RetrievedContext,
        Self::UserInput,
        Self::ImagesAndFiles,
        Self::Unattributed,
        Self::OutputText,
        Self::OutputReasoning,
    ];

    /// How many components there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The key used in reports, logs and price rules.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ToolDefinitions => "tool_definitions",
            Self::SystemPrompt => "system_prompt",
            Self::FewShot => "few_shot",
            Self::History => "history",
            Self::RetrievedContext => "retrieved_context",
            Self::UserInput => "user_input",
            Self::ImagesAndFiles => "images_and_files",
            Self::Unattributed => "unattributed",
            Self::OutputText => "output_text",
            Self::OutputReasoning => "output_reasoning",
        }
    }

    /// Reads a key, or the words teams commonly tag their tokens with.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = text.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        Some(match key.as_str() {
            "tool_definitions" | "tools" | "tool_definition" | "functions" => Self::ToolDefinitions,
            "system_prompt" | "system" | "instructions" | "system_instructions" => {
                Self::SystemPrompt
            }
            "few_shot" | "few_shots" | "examples" | "fewshot" => Self::FewShot,
            "history" | "conversation" | "conversation_history" | "chat_history" => Self::History,
            "retrieved_context" | "rag" | "rag_context" | "context" | "documents" | "retrieval" => {
                Self::RetrievedContext
            }
            "user_input" | "user" | "query" | "user_message" | "input" => Self::UserInput,
            "images_and_files" | "images" | "image" | "files" | "media" => Self::ImagesAndFiles,
            "unattributed" | "other" => Self::Unattributed,
            "output_text" | "output" | "completion" | "answer" => Self::OutputText,
            "output_reasoning" | "reasoning" | "thinking" => Self::OutputReasoning,
            _ => return None,
        })
    }

    /// Whether the component is generated rather than sent.
    #[must_use]
    pub const fn is_output(self) -> bool {
        matches!(self, Self::OutputText | Self::OutputReasoning)
    }

    /// The position in [`Component::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Component;

    #[test]
    fn keys_read_back_as_themselves() {
        for component in Component::ALL {
            assert_eq!(Component::parse(component.key()), Some(component));
            assert_eq!(Component::ALL[component.index()], component);
        }
    }
}
