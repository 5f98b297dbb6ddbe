// Free lists by size, one set a thread.
#include "base/frame_pool.h"

#include <array>
#include <new>

namespace merlon {

#if __has_feature(address_sanitizer)

// Every frame on its own, so that a use after its end is seen.
void* allocate_frame(std::size_t bytes) { return ::operator new(bytes); }
void free_frame(void* frame, std::size_t bytes) { ::operator delete(frame, bytes); }

#else

namespace {

constexpr std::size_t class_bytes = 64;
constexpr std::size_t class_count = 64;  // frames over 4 KiB are rare and not kept
// What a burst leaves behind at most: 64 blocks of each size, 8 MiB if every size had them.
constexpr std::size_t blocks_max = 64;

class FreeLists {
public:
    ~FreeLists() {
        for (List& list : lists_) {
            while (void* block = list.pop()) ::operator delete(block);
        }
    }
    void* take(std::size_t size_class) {
        void* block = lists_[size_class].pop();
        return block != nullptr ? block : ::operator new((size_class + 1) * class_bytes);
    }
    void give(void* block, std::size_t size_class) {
        if (!lists_[size_class].push(block)) ::operator delete(block);
    }

private:
    struct Block {
        Block* next;
    };
    struct List {
        Block* first = nullptr;
        std::size_t count = 0;

        void* pop() {
            if (first == nullptr) return nullptr;
            --count;
            Block* block = first;
            first = block->next;
            return block;
        }
        bool push(void* memory) {
            if (count == blocks_max) return false;
            ++count;
            first = new (memory) Block{first};
            return true;
        }
    };
    std::array<List, class_count> lists_;
};

// Of the thread, not of the program: nothing is shared. A frame that ends on another thread than it
// began on joins that thread's list.
thread_local FreeLists free_lists;

}  // namespace

void* allocate_frame(std::size_t bytes) {
    const std::size_t size_class = (bytes - 1) / class_bytes;
    return size_class < class_count ? free_lists.take(size_class) : ::operator new(bytes);
}

void free_frame(void* frame, std::size_t bytes) {
    const std::size_t size_class = (bytes - 1) / class_bytes;
    if (size_class < class_count) return free_lists.give(frame, size_class);
    ::operator delete(frame);
}

#endif

}  // namespace merlon
